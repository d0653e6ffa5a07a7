internal import AWSSignature
internal import Foundation
internal import HTTPTransport
internal import Hashing
package import Jobs

extension S3ObjectStore {
    /// Lets pages of any origin send forms to the bucket and read the answer, and keeps its other rules.
    ///
    /// What a form may upload is for its signed policy to say. Returns false when a rule does so already.
    package func allowForms(to bucket: String) async throws(BackendError) -> Bool {
        let known = try await crossOriginRules(of: bucket)
        guard !known.contains(where: Self.allowsForms) else { return false }
        let rule =
            "<CORSRule><ID>recast</ID><AllowedOrigin>*</AllowedOrigin><AllowedMethod>POST</AllowedMethod>"
            + "<AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule>"
        let document =
            "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + known.map(\.document).joined() + rule + "</CORSConfiguration>"
        var request = try S3Request.bucket(bucket, "PUT", query: [("cors", "")])
        request.body = Data(document.utf8)
        request.headers = [
            ("Content-Type", "application/xml"), ("x-amz-sdk-checksum-algorithm", "SHA256"),
            ("x-amz-checksum-sha256", Digest.sha256(request.body).base64EncodedString()),
        ]
        _ = try await client.send(request)
        return true
    }

    private func crossOriginRules(of bucket: String) async throws(BackendError) -> [XMLNode] {
        do throws(BackendError) {
            let answer = try await client.send(try S3Request.bucket(bucket, "GET", query: [("cors", "")]))
            guard let root = try? XMLNode.parse(answer.body), root.name == "CORSConfiguration" else {
                throw BackendError(.unavailable, "bucket \(bucket): its rules for other origins are no XML")
            }
            return root.all("CORSRule")
        } catch {
            guard error.code == .notFound else { throw error }
            return []
        }
    }

    private static func allowsForms(_ rule: XMLNode) -> Bool {
        rule.all("AllowedOrigin").contains { $0.text == "*" }
            && rule.all("AllowedMethod").contains { $0.text == "POST" }
    }
}
