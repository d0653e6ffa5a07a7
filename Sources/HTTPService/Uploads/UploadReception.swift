internal import AWSSignature
internal import Foundation
internal import Hummingbird
internal import Jobs

/// Receives one upload form: checks what it may do, and writes its file as it comes.
struct UploadReception {
    /// An object that was written.
    struct Upload {
        let location: ObjectLocation
        let eTag: String
        /// The status the form wants for an answer.
        let status: Int

        var encodedKey: String { PercentEncoding.encodePath(location.key) }
    }

    let objects: any ObjectStore
    let forms: LocalUploadForms
    let bucket: String
    let now: Date

    private struct Permission {
        let location: ObjectLocation
        let attributes: ObjectAttributes
        let byteCount: ClosedRange<Int64>
        let status: Int
    }

    /// Reads the form to its end.
    func take(_ body: RequestBody, _ form: MultipartForm) async throws(UploadRefusal) -> Upload {
        var form = form
        var fields: [String: String] = [:]
        var reception: (permission: Permission, sink: UploadSink)?
        do {
            for try await chunk in body {
                form.take(chunk.readableBytesView)
                while let event = try form.next() {
                    switch event {
                    case .field(let name, let value): try Self.add(name, value, &fields)
                    case .file(let name):
                        let permission = try await permission(fields, fileName: name)
                        reception = (permission, sink(permission))
                    case .bytes(let bytes):
                        try await reception?.sink.append(bytes)
                        if let reception { try Self.checkLimit(reception) }
                    case .end: break
                    }
                }
            }
            try form.finish()
            guard case (let permission, var sink)? = reception else {
                throw UploadRefusal.argument("POST requires exactly one file upload per request.")
            }
            guard sink.byteCount >= permission.byteCount.lowerBound else { throw UploadRefusal.tooSmall }
            let eTag = try await sink.complete()
            return Upload(location: permission.location, eTag: eTag, status: permission.status)
        } catch {
            await reception?.sink.abort()
            throw Self.refusal(error)
        }
    }

    private static func checkLimit(
        _ reception: (permission: Permission, sink: UploadSink)
    ) throws(UploadRefusal) {
        guard reception.sink.byteCount <= reception.permission.byteCount.upperBound else { throw .tooLarge }
    }

    private static func refusal(_ error: any Error) -> UploadRefusal {
        switch error {
        case let error as UploadRefusal: error
        case let error as MultipartForm.Fault: UploadRefusal(error)
        case let error as BackendError: UploadRefusal(error)
        default:
            UploadRefusal(400, "RequestTimeout", "The connection ended before the upload was complete.")
        }
    }

    private static func add(
        _ name: String,
        _ value: String,
        _ fields: inout [String: String]
    ) throws(UploadRefusal) {
        let name = name.lowercased()
        guard fields.updateValue(value, forKey: name) == nil else {
            throw .argument("POST form has more than one field \(name)")
        }
    }

    private func sink(_ permission: Permission) -> UploadSink {
        UploadSink(objects: objects, location: permission.location, attributes: permission.attributes)
    }

    /// What the fields before the file allow.
    private func permission(
        _ form: [String: String],
        fileName: String
    ) async throws(UploadRefusal) -> Permission {
        var fields = form
        let baseName = fileName.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
        for (name, value) in form where name != "policy" {
            fields[name] = value.replacing("${filename}", with: baseName)
        }
        guard let key = fields["key"] else {
            throw .argument("Bucket POST must contain a field named 'key'.")
        }
        try await forms.verify(form)
        let policy = try UploadPolicy(form["policy"] ?? "")
        try policy.check(fields, bucket: bucket, now: now)
        guard 1...1024 ~= key.utf8.count else {
            throw key.isEmpty
                ? .argument("User key must have a length greater than 0.")
                : UploadRefusal(400, "KeyTooLongError", "Your key is too long")
        }
        var metadata: [String: String] = [:]
        for (name, value) in fields where name.hasPrefix(Self.metadataPrefix) {
            let name = String(name.dropFirst(Self.metadataPrefix.count))
            // By this one outputs are known: an upload that had it would never be transcoded.
            if name != IntakeRules.outputMark { metadata[name] = value }
        }
        return Permission(
            location: ObjectLocation(bucket: bucket, key: key),
            attributes: ObjectAttributes(
                contentType: fields["content-type"] ?? "binary/octet-stream",
                metadata: metadata
            ),
            byteCount: policy.byteCount,
            status: fields["success_action_status"].flatMap(Int.init) ?? 204
        )
    }

    private static let metadataPrefix = "x-amz-meta-"
}
