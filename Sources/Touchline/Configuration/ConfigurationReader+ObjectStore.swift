import Foundation
import ObjectStore
import WebSocketTransport

extension ConfigurationReader {
    /// `object_store`: where `s3://` is, and who we are there. What it does not say is taken from the variables that
    /// tools of AWS read.
    func objectStore(environment: [String: String]) -> ObjectStoreConfiguration {
        var store = ObjectStoreConfiguration()
        store.region =
            string("region") ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? store.region
        store.endpoint = string("endpoint")
        if string("path_style") != nil { store.isPathStyle = flag("path_style", default: true) }
        store.authorityFile = readableFile("ca")
        store.partBytes = bytes("part_bytes", in: ObjectStoreConfiguration.partRange, default: store.partBytes)
        store.staging = string("staging") ?? "/var/tmp/touchline-archive-\(getuid())"
        if !store.staging.hasPrefix("/") { reject("staging", store.staging, "a folder's absolute path") }
        store.credentials = credentials() ?? ObjectStoreCredentials(environment: environment)
        rejectUnknownKeys()
        if let why = store.problem { problem("endpoint", "cannot be used: \(why)") }
        return store
    }

    private func credentials() -> ObjectStoreCredentials? {
        let (accessKey, secretKey, token) = (secret("access_key"), secret("secret_key"), secret("session_token"))
        guard let accessKey, let secretKey else {
            if accessKey != nil { missing("secret_key", "it belongs to 'access_key'") }
            if secretKey != nil { missing("access_key", "it belongs to 'secret_key'") }
            return nil
        }
        return ObjectStoreCredentials(accessKey: accessKey, secretKey: secretKey, sessionToken: token)
    }
}
