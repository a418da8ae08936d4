import Foundation

/// Why the system refused something with a file, in the system's words: `permission denied`, `no such file or directory`.
package enum SystemReason {
    /// Foundation's own sentence if the error holds no number of the system.
    package static func of(_ error: any Error) -> String {
        let underlying = (error as? CocoaError)?.underlying ?? error
        guard let code = (underlying as? POSIXError)?.code.rawValue ?? number(of: error) else {
            return error.localizedDescription
        }
        return String(cString: strerror(code)).lowercased()
    }

    /// Some of Foundation's calls tell the kind of failure alone.
    private static func number(of error: any Error) -> Int32? {
        switch (error as? CocoaError)?.code {
        case .fileNoSuchFile?, .fileReadNoSuchFile?: ENOENT
        case .fileReadNoPermission?, .fileWriteNoPermission?: EACCES
        default: nil
        }
    }
}
