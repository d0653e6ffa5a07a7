package import Foundation
internal import HTTPTransport
package import Jobs
internal import Synchronization

/// An object that S3 receives in parts.
package final class S3Upload: ObjectUpload {
    package let minimumPartSize = 5 << 20

    private let store: S3ObjectStore
    private let location: ObjectLocation
    private let id: String
    private let mark: WriteMark
    /// The ETag of each part.
    private let parts = Mutex<[Int: String]>([:])
    private static let completionAttempts = 4

    init(store: S3ObjectStore, location: ObjectLocation, id: String, mark: WriteMark) {
        self.store = store
        self.location = location
        self.id = id
        self.mark = mark
    }

    package func upload(part number: Int, _ data: Data) async throws(BackendError) {
        guard (1...10_000).contains(number) else {
            throw BackendError(.invalid, "\(location): part \(number) is not one of 1 to 10000")
        }
        let query = [("partNumber", String(number)), ("uploadId", id)]
        var request = try S3Request.object(location, "PUT", query: query)
        request.body = data
        request.timeout = S3Request.timeout(for: data.count)
        let answer = try await store.client.send(request)
        guard let eTag = answer.headers["etag"] else {
            throw BackendError(.unavailable, "\(location): the answer for part \(number) has no ETag")
        }
        parts.withLock { $0[number] = eTag }
    }

    package func complete(condition: WriteCondition) async throws(BackendError) -> String {
        // An object without bytes is one empty part.
        if parts.withLock({ $0.isEmpty }) { try await upload(part: 1, Data()) }
        var attempt = 1
        while true {
            let failure: AWSFailure
            do {
                return try await completeOnce(condition)
            } catch { failure = error }
            // The object may be there although the answer was lost, cut off, or says otherwise.
            if let found = await store.found(at: location, after: failure), found.mark == mark.value {
                return found.info.eTag
            }
            let isLate = failure.status == 200 && failure.error.isRetryable
            guard isLate, attempt < Self.completionAttempts, await store.client.pause(after: attempt) else {
                throw S3Request.conflict(for: failure, condition)
            }
            attempt += 1
        }
    }

    package func abort() async throws(BackendError) { try await store.abortUpload(id, of: location) }

    private func completeOnce(_ condition: WriteCondition) async throws(AWSFailure) -> String {
        var request: AWSRequest
        do {
            request = try S3Request.object(location, "POST", query: [("uploadId", id)])
        } catch { throw AWSFailure(error) }
        request.headers = [("Content-Type", "application/xml")] + S3Request.headers(condition)
        request.body = Data(document.utf8)
        // S3 puts the parts together before it answers; it says that this may take minutes.
        request.timeout = 600
        let answer = try await store.client.exchange(request)
        let root = try? XMLNode.parse(answer.body)
        if root?.name == "CompleteMultipartUploadResult" {
            if let eTag = root?.text("ETag").map(S3Request.unquoted), !eTag.isEmpty { return eTag }
            do { return try await store.head(location).eTag } catch { throw AWSFailure(error) }
        }
        throw lateFailure(answer)
    }

    /// A failure that S3 met only after it had begun its answer, with a status of success.
    private func lateFailure(_ answer: HTTPResponse) -> AWSFailure {
        let said = ServiceError(status: answer.status, headers: [:], body: answer.body)
        let code = BackendError.Code(serviceCode: said.code, status: 500)
        let error = BackendError(code, "\(location): completing ended with \(said.code ?? "no result")")
        return AWSFailure(error, serviceCode: said.code, status: answer.status, body: answer.body)
    }

    /// The list of the parts.
    private var document: String {
        let parts = parts.withLock { $0 }.sorted { $0.key < $1.key }.map { number, eTag in
            "<Part><PartNumber>\(number)</PartNumber><ETag>\(XMLNode.escaped(eTag))</ETag></Part>"
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        return "<CompleteMultipartUpload xmlns=\"\(namespace)\">\(parts.joined())</CompleteMultipartUpload>"
    }
}
