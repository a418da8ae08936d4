/// Where an S3-compatible object store is, and how it is spoken to.
package struct ObjectStoreConfiguration: Sendable, Equatable {
    /// `https://host[:port]`; nil for AWS' own in `region`.
    package var endpoint: String?
    package var region: String
    /// Nil: nobody has said who we are, and nothing can be asked.
    package var credentials: ObjectStoreCredentials?
    /// Whether the bucket stands in the path (`https://host/bucket/key`) or before the host. Nil: in the path of every
    /// endpoint but AWS' own, because elsewhere there is seldom a name and a certificate for each bucket.
    package var isPathStyle: Bool?
    /// PEM file of an authority that is trusted besides the system's.
    package var authorityFile: String?
    /// A larger file goes in parts of this size.
    package var partBytes: Int
    /// How often a request is sent before its failure counts.
    package var attempts: Int
    /// A folder for files on their way to the store.
    package var staging: String

    /// What servers take as a part that is not the last.
    package static let partRange = (5 << 20)...(512 << 20)

    package init(
        endpoint: String? = nil, region: String = "us-east-1", credentials: ObjectStoreCredentials? = nil,
        isPathStyle: Bool? = nil, authorityFile: String? = nil, partBytes: Int = 8 << 20, attempts: Int = 6,
        staging: String = "/var/tmp"
    ) {
        self.endpoint = endpoint
        self.region = region
        self.credentials = credentials
        self.isPathStyle = isPathStyle
        self.authorityFile = authorityFile
        self.partBytes = partBytes
        self.attempts = attempts
        self.staging = staging
    }

    /// Why the endpoint cannot be asked; nil if it can be tried.
    package var problem: String? {
        do {
            _ = try ObjectStoreEndpoint(self)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// What is wrong when `credentials` is nil.
    package static let noCredentials =
        "no credentials for the object store: set object_store.access_key and object_store.secret_key, "
        + "or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
}

/// Who we are to an object store.
package struct ObjectStoreCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    package let accessKey: String
    let secretKey: String
    let sessionToken: String?

    /// - Parameter sessionToken: of temporary credentials.
    package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// From the variables that every tool of AWS reads; nil if they are not there.
    package init?(environment: [String: String]) {
        guard let accessKey = environment["AWS_ACCESS_KEY_ID"], !accessKey.isEmpty,
            let secretKey = environment["AWS_SECRET_ACCESS_KEY"], !secretKey.isEmpty
        else { return nil }
        let token = environment["AWS_SESSION_TOKEN"]
        self.init(accessKey: accessKey, secretKey: secretKey, sessionToken: token?.isEmpty == true ? nil : token)
    }

    /// Nothing of it may get into a log.
    package var description: String { "hidden" }
    package var debugDescription: String { description }
}
