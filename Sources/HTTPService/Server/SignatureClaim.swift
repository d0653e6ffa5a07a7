internal import AWSSignature
internal import Foundation

/// What a request says of its signature (AWS Signature Version 4), in a header or in its query.
struct SignatureClaim: Sendable, Equatable {
    /// Why a request says too little, or nothing.
    enum Problem: Error, Equatable {
        case missing
        /// The message says what is wrong.
        case incomplete(String)
    }

    let accessKeyID: String
    let scope: SigningScope
    let date: Date
    /// Seconds for which it counts; `nil` in a header.
    let lifetime: Int?
    /// In lower case.
    let signedHeaders: [String]
    let signature: String

    /// Reads the claim of a request whose headers are by lower-case names.
    init(headers: [String: String], query: [(name: String, value: String)]) throws(Problem) {
        if let authorization = headers["authorization"] {
            try self.init(authorization: authorization, date: headers["x-amz-date"])
        } else if query.contains(where: { $0.name == "X-Amz-Signature" || $0.name == "X-Amz-Algorithm" }) {
            try self.init(query: query)
        } else {
            throw .missing
        }
    }

    private init(authorization: String, date: String?) throws(Problem) {
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0] == SignatureV4.algorithm else {
            throw .incomplete("Authorization must begin with \(SignatureV4.algorithm).")
        }
        var fields: [String: String] = [:]
        for part in words[1].split(separator: ",") {
            let sides = part.trimmingCharacters(in: .whitespaces).split(separator: "=", maxSplits: 1)
            guard sides.count == 2 else { throw .incomplete("A part of Authorization has no value.") }
            fields[String(sides[0])] = String(sides[1])
        }
        guard let date else { throw .incomplete("The header X-Amz-Date is missing.") }
        try self.init(
            credential: fields["Credential"],
            date: date,
            lifetime: nil,
            signedHeaders: fields["SignedHeaders"],
            signature: fields["Signature"]
        )
    }

    private init(query: [(name: String, value: String)]) throws(Problem) {
        let fields = Dictionary(query.map { ($0.name, $0.value) }) { first, _ in first }
        guard fields["X-Amz-Algorithm"] == SignatureV4.algorithm else {
            throw .incomplete("X-Amz-Algorithm must be \(SignatureV4.algorithm).")
        }
        guard let lifetime = fields["X-Amz-Expires"].flatMap(Int.init), (1...604_800).contains(lifetime)
        else {
            throw .incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.")
        }
        guard let date = fields["X-Amz-Date"] else { throw .incomplete("X-Amz-Date is missing.") }
        try self.init(
            credential: fields["X-Amz-Credential"],
            date: date,
            lifetime: lifetime,
            signedHeaders: fields["X-Amz-SignedHeaders"],
            signature: fields["X-Amz-Signature"]
        )
    }

    private init(
        credential: String?,
        date text: String,
        lifetime: Int?,
        signedHeaders: String?,
        signature: String?
    ) throws(Problem) {
        guard let credential else { throw .incomplete("Credential is missing.") }
        guard let signedHeaders, !signedHeaders.isEmpty else {
            throw .incomplete("SignedHeaders is missing.")
        }
        guard let signature, signature.utf8.count == 64 else {
            throw .incomplete("Signature is missing or is not one.")
        }
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[4] == "aws4_request", !parts[0].isEmpty, parts[0].utf8.count <= 128
        else {
            throw .incomplete("Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request.")
        }
        guard let date = SigningScope.date(text),
            let scope = SigningScope(timestamp: text, region: parts[2], service: parts[3])
        else { throw .incomplete("The date must look like 20260131T235959Z.") }
        guard text.hasPrefix(parts[1]), parts[1].utf8.count == 8 else {
            throw .incomplete("The date in Credential is not that of the request.")
        }
        accessKeyID = parts[0]
        self.scope = scope
        self.date = date
        self.lifetime = lifetime
        self.signedHeaders = signedHeaders.lowercased().split(separator: ";").map(String.init)
        self.signature = signature
    }
}
