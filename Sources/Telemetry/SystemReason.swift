import Foundation

/// Why the system refused something with a file, in the system's words: `permission denied`, `no such file or directory`.
package enum SystemReason {
    /// Foundation's own sentence if the error holds no number of the system.
    package static func of(_ error: any Error) -> String {
        let underlying = (error as? CocoaError)?.underlying ?? error
        guard let code = (underlying as? POSIXError)?.code.rawValue else { return error.localizedDescription }
        return String(cString: strerror(code)).lowercased()
    }
}
