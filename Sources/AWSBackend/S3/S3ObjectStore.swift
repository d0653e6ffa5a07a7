package import AWSSignature
package import Foundation
internal import HTTPTransport
package import Jobs

/// Buckets and objects of S3, or of a server that speaks its protocol.
package struct S3ObjectStore: ObjectStore {
    let client: AWSClient

    package init(client: AWSClient) { self.client = client }

    package func head(_ location: ObjectLocation) async throws(BackendError) -> ObjectInfo {
        try await stored(location).info
    }

    package func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) async throws(BackendError) -> String {
        let mark = WriteMark()
        var request = try S3Request.object(location, "PUT")
        request.body = data
        request.timeout = S3Request.timeout(for: data.count)
        let headers = try S3Request.headers(attributes, mark)
        request.headers = headers + S3Request.headers(condition)
        let answer: HTTPResponse
        do {
            answer = try await client.exchange(request)
        } catch {
            let found = await found(at: location, after: error)
            // The answer to an earlier attempt may have been lost after the object was written.
            if let found, found.mark == mark.value { return found.info.eTag }
            guard case .matches(let eTag) = condition, error.status == 412, found?.info.eTag == eTag else {
                throw S3Request.conflict(for: error, condition)
            }
            // The condition holds: Ceph 16 takes the quotation marks for a part of the ETag.
            request.headers = headers + [("If-Match", eTag)]
            answer = try await client.send(request)
        }
        if let eTag = answer.headers["etag"].map(S3Request.unquoted), !eTag.isEmpty { return eTag }
        return try await head(location).eTag
    }

    package func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) async throws(BackendError) -> any ObjectUpload {
        let mark = WriteMark()
        var request = try S3Request.object(location, "POST", query: [("uploads", "")])
        request.headers = try S3Request.headers(attributes, mark)
        let answer = try await client.send(request)
        guard let id = try? XMLNode.parse(answer.body).text("UploadId"), !id.isEmpty else {
            throw BackendError(.unavailable, "\(location): the answer has no upload id")
        }
        return S3Upload(store: self, location: location, id: id, mark: mark)
    }

    package func delete(_ location: ObjectLocation) async throws(BackendError) {
        let request = try S3Request.object(location, "DELETE")
        do {
            _ = try await client.exchange(request)
        } catch {
            guard error.serviceCode == "NoSuchKey" else { throw error.error }
        }
    }

    package func hasBucket(_ bucket: String) async throws(BackendError) -> Bool {
        do {
            _ = try await client.send(try S3Request.bucket(bucket, "HEAD"))
            return true
        } catch {
            guard error.code == .notFound else { throw error }
            return false
        }
    }

    /// The address and fields of an HTML form that uploads one object as `policy` allows.
    package func uploadForm(
        for policy: PostPolicy
    ) async throws(BackendError) -> (url: String, fields: [(name: String, value: String)]) {
        _ = try S3Request.bucket(policy.bucket, "POST")
        let credentials = try await client.credentialSource.credentials()
        let fields = policy.formFields(
            credentials: credentials,
            region: client.configuration.region,
            date: client.now()
        )
        return (client.configuration.endpoint(of: .s3, bucket: policy.bucket).url, fields)
    }
}

// MARK: - Reading

extension S3ObjectStore {
    /// Attempts at a body that comes shorter or longer than it should.
    private static let readAttempts = 3

    package func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) async throws(BackendError) -> Data {
        try location.check(range)
        guard !range.isEmpty, range.lowerBound < 1 << 53 else {
            return try await nothing(of: location, from: nil, eTag: eTag)
        }
        var request = try S3Request.object(location, "GET")
        let byteCount = Int(clamping: range.upperBound - range.lowerBound)
        // No object is longer than that, and not every server reads larger numbers.
        let end = min(range.upperBound, 1 << 53)
        request.headers = [("Range", "bytes=\(range.lowerBound)-\(end - 1)")]
        if let eTag { request.headers.append(("If-Match", S3Request.quoted(eTag))) }
        request.timeout = S3Request.timeout(for: byteCount)
        // An error may be longer than what was asked for.
        request.maxResponseBytes = max(byteCount, 1 << 20)
        for attempt in 1...Self.readAttempts {
            let answer: HTTPResponse
            do {
                answer = try await client.exchange(request)
            } catch {
                guard error.status == 416 else { throw error.error }
                return try await nothing(of: location, from: range.lowerBound, eTag: eTag)
            }
            if let eTag, let other = answer.headers["etag"].map(S3Request.unquoted), other != eTag {
                throw BackendError(.conflict, "\(location) is no longer the version with ETag \(eTag)")
            }
            if let data = Self.body(of: answer, range) { return data }
            guard await client.pause(after: attempt) else { break }
        }
        throw BackendError(.unavailable, "\(location): the answer is not the range that was asked for")
    }

    /// The bytes of `range`, cut to the object's end; `nil` when the answer does not hold them.
    static func body(of answer: HTTPResponse, _ range: Range<Int64>) -> Data? {
        if answer.status == 200 {
            // A server may ignore the range.
            let total = Int64(answer.body.count)
            guard answer.headers["content-length"].flatMap(Int64.init) ?? total == total else { return nil }
            let cut = range.clamped(to: 0..<total)
            return answer.body.dropFirst(Int(cut.lowerBound)).prefix(cut.count)
        }
        // "bytes 0-99/1234" (RFC 9110 §14.4).
        let parts = (answer.headers["content-range"] ?? "").split { " -/".contains($0) }
        guard answer.status == 206, parts.count == 4, parts[0] == "bytes", let first = Int64(parts[1]),
            let last = Int64(parts[2]), let total = Int64(parts[3]), first == range.lowerBound, last < total,
            last == min(range.upperBound, total) - 1, Int64(answer.body.count) == last - first + 1
        else { return nil }
        return answer.body
    }

    /// No bytes, of an object that is there and that ends before `start`.
    private func nothing(
        of location: ObjectLocation,
        from start: Int64?,
        eTag: String?
    ) async throws(BackendError) -> Data {
        let info = try await head(location)
        guard eTag == nil || eTag == info.eTag else {
            throw BackendError(.conflict, "\(location) is no longer the version with ETag \(eTag ?? "")")
        }
        guard start.map({ $0 >= info.byteCount }) ?? true else {
            throw BackendError(.unavailable, "\(location): the range was refused though it exists")
        }
        return Data()
    }

    private func stored(_ location: ObjectLocation) async throws(BackendError) -> (
        info: ObjectInfo, mark: String?
    ) {
        let answer = try await client.send(try S3Request.object(location, "HEAD"))
        let headers = answer.headers
        guard let byteCount = headers["content-length"].flatMap(Int64.init), let eTag = headers["etag"] else {
            throw BackendError(.unavailable, "\(location): the answer states neither length nor ETag")
        }
        var metadata: [String: String] = [:]
        for (name, value) in headers where name.hasPrefix("x-amz-meta-") {
            metadata[String(name.dropFirst("x-amz-meta-".count))] = value
        }
        let mark = metadata.removeValue(forKey: WriteMark.name)
        let info = ObjectInfo(
            byteCount: byteCount,
            eTag: S3Request.unquoted(eTag),
            versionID: headers["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 },
            contentType: headers["content-type"],
            metadata: metadata,
            modified: headers["last-modified"].flatMap(HTTPDate.date) ?? .distantPast
        )
        return (info, mark)
    }

    /// What stands at `location` after a write that seemed to fail, and the mark of who wrote it.
    func found(
        at location: ObjectLocation,
        after failure: AWSFailure
    ) async -> (info: ObjectInfo, mark: String?)? {
        guard [.conflict, .unavailable, .notFound].contains(failure.error.code) else { return nil }
        return try? await stored(location)
    }
}

// MARK: - Listing

extension S3ObjectStore {
    package func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<ObjectSummary> {
        var query = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix),
            ("max-keys", String(max(1, min(limit, 1000)))),
        ]
        if let after { query.append(("start-after", after)) }
        let answer = try await client.send(try S3Request.bucket(bucket, "GET", query: query))
        guard let root = try? XMLNode.parse(answer.body), root.name == "ListBucketResult" else {
            throw BackendError(.unavailable, "bucket \(bucket): the listing is no XML")
        }
        var items: [ObjectSummary] = []
        for node in root.all("Contents") {
            guard let key = S3Request.key(in: node, of: root),
                let size = node.text("Size").flatMap(Int64.init)
            else {
                throw BackendError(.unavailable, "bucket \(bucket): an entry of the listing is incomplete")
            }
            items.append(
                ObjectSummary(
                    key: key,
                    byteCount: size,
                    eTag: S3Request.unquoted(node.text("ETag") ?? ""),
                    modified: node.text("LastModified").flatMap(ServiceDate.date) ?? .distantPast
                )
            )
        }
        return Page(items: items, next: root.text("IsTruncated") == "true" ? items.last?.key : nil)
    }

    package func abortUploads(of location: ObjectLocation) async throws(BackendError) -> Int {
        var marker = (key: "", id: "")
        var count = 0
        while true {
            var query = [("uploads", ""), ("encoding-type", "url"), ("prefix", location.key)]
            if !marker.key.isEmpty { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let answer = try await client.send(try S3Request.bucket(location.bucket, "GET", query: query))
            guard let root = try? XMLNode.parse(answer.body), root.name == "ListMultipartUploadsResult" else {
                throw BackendError(.unavailable, "bucket \(location.bucket): the list of uploads is no XML")
            }
            for node in root.all("Upload") where S3Request.key(in: node, of: root) == location.key {
                guard let id = node.text("UploadId") else { continue }
                try await abortUpload(id, of: location)
                count += 1
            }
            let next = (
                key: S3Request.key(in: root, called: "NextKeyMarker", of: root) ?? "",
                id: root.text("NextUploadIdMarker") ?? ""
            )
            // The key's own uploads come before those of keys that it begins.
            guard root.text("IsTruncated") == "true", next.key == location.key, next != marker else {
                return count
            }
            marker = next
        }
    }

    /// Throws an upload's parts away; one that is gone is no error.
    func abortUpload(_ id: String, of location: ObjectLocation) async throws(BackendError) {
        do {
            _ = try await client.send(try S3Request.object(location, "DELETE", query: [("uploadId", id)]))
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }
}
