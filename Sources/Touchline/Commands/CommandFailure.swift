import ArgumentParser
import Foundation
import ObjectStore
import PostgresCopy
import RedisStreams

/// Something that stops a command: one clear sentence for people, and the exit code.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    var exitCode: ExitCode = .failure
}

/// What every command that reads a configuration takes.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration file; default: touchline.yaml if there is one.")
    var config: String?

    func load() throws -> TouchlineConfiguration { try TouchlineConfiguration.load(config) }

    /// No file was named, and there is none here.
    var isFileAbsent: Bool { config == nil && !FileManager.default.fileExists(atPath: "touchline.yaml") }
}

/// A command whose failures are sentences on standard error: exit code 2 for usage and configuration, 1 for the rest.
protocol ReportingCommand: AsyncParsableCommand {
    func execute() async throws
}

extension ReportingCommand {
    mutating func run() async throws {
        do {
            try await execute()
        } catch let error as ConfigurationError {
            printError("\(error)")
            throw ExitCode(2)
        } catch let error as CommandFailure {
            printError("touchline: \(error)")
            throw error.exitCode
        } catch let error as RedisError {
            printError("touchline: redis: \(error)")
            throw ExitCode.failure
        } catch let error as PostgresError {
            printError("touchline: postgres: \(error)")
            throw ExitCode.failure
        } catch let error as ObjectStoreError {
            printError("touchline: \(error)")
            throw error.isUsage ? ExitCode(2) : ExitCode.failure
        } catch is CancellationError {
            throw ExitCode.failure
        }
    }
}

extension ObjectStoreError {
    /// A mistake on the command line or in the configuration.
    fileprivate var isUsage: Bool {
        switch self {
        case .location, .configuration: true
        default: false
        }
    }
}

/// Prints a line to standard error.
func printError(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
