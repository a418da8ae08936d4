/// Why something is not in an object store, or cannot be had from it.
package enum ObjectStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Not the URL of an object.
    case location(String, why: String)
    case configuration(String)
    /// No answer, or none that counts, however often it was asked.
    case unreachable(_ what: String, why: String)
    /// The store says no, and will again.
    case refused(ServerRefusal)
    /// The store said something that cannot be read.
    case unreadable(_ what: String, why: String)
    case missing(ObjectLocation)
    /// Another file has that name.
    case occupied(ObjectLocation)
    /// What is there is not what was sent.
    case damaged(ObjectLocation, why: String)
    /// Nothing says what its bytes should be.
    case unverifiable(ObjectLocation)
    /// A file does not have the bytes that it had when its checksum was taken.
    case changed(path: String)
    /// A file that is to be sent cannot be read.
    case file(path: String, why: String)

    /// Whether other objects have a chance: the store itself works.
    package var isAboutOneObject: Bool {
        switch self {
        case .missing, .occupied, .damaged, .unverifiable, .changed, .file: true
        case .location, .configuration, .unreachable, .refused, .unreadable: false
        }
    }

    package var description: String {
        switch self {
        case .location(let text, let why): "'\(text)' is no place in an object store: \(why)"
        case .configuration(let why): why
        case .unreachable(let what, let why): "\(what): \(why): try again when the store answers"
        case .refused(let refusal): "\(refusal)"
        case .unreadable(let what, let why): "\(what): the answer cannot be read: \(why)"
        case .missing(let object): "\(object) is not there"
        case .occupied(let object):
            "\(object) is another file already and is left alone: use another prefix, or move it away"
        case .damaged(let object, let why): "\(object) is not what was sent: \(why)"
        case .unverifiable(let object):
            "\(object) has no SHA-256, neither in its metadata nor as \(object.note): there is nothing to verify it by"
        case .changed(let path):
            "\(path) does not have the bytes that its checksum says: it was changed, or the disk is not to be trusted"
        case .file(let path, let why): "\(path) cannot be read: \(why)"
        }
    }
}

/// An answer that says no.
package struct ServerRefusal: Sendable, Equatable, CustomStringConvertible {
    /// What was asked for, with the object.
    package let what: String
    package let status: Int
    /// `AccessDenied`, `NoSuchBucket`, …; empty if the answer has none.
    package let code: String
    package let message: String
    /// Where the bucket is, if the store says so.
    var region: String?

    package var description: String {
        let said = [code.isEmpty ? "status \(status)" : "\(code) (\(status))", message].filter { !$0.isEmpty }
        return "\(what): refused with \(said.joined(separator: ", "))\(advice.map { ": \($0)" } ?? "")"
    }

    private var advice: String? {
        switch code {
        case "SignatureDoesNotMatch": "the secret key is wrong: mend object_store.secret_key"
        case "InvalidAccessKeyId": "nobody has this access key there: mend object_store.access_key"
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired": "the session token is over: get a new one"
        case "AccessDenied": "these credentials may not do that: see which permissions are needed in docs/ops.md"
        case "NoSuchBucket": "make the bucket, or mend the URL"
        case "RequestTimeTooSkewed": "the clocks differ by too much: set this machine's"
        case "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect",
            "IllegalLocationConstraintException":
            "the bucket is in another region: set object_store.region\(region.map { " to \($0)" } ?? "")"
        case "InvalidObjectState": "it was put into cold storage: have the store restore it first"
        case "NotImplemented": "this store cannot do that"
        case "" where status == 301: "the bucket is in another region or at another endpoint: set object_store.region"
        default: nil
        }
    }
}
