package import Foundation

/// What a browser may upload with an HTML form, and until when.
///
/// Amazon S3 API Reference, "Authenticating requests in browser-based uploads using POST".
package struct PostPolicy: Sendable, Equatable {
    /// What a form field must be.
    package enum Rule: Sendable, Equatable {
        case equals(String)
        case startsWith(String)
    }

    package var bucket: String
    package var key: Rule
    /// Bytes the file may have.
    package var byteCount: ClosedRange<Int64>?
    package var contentType: Rule?
    /// Further fields that the form sends as they are here, such as `success_action_status`.
    package var fields: [String: String]
    package var expires: Date

    package init(
        bucket: String,
        key: Rule,
        byteCount: ClosedRange<Int64>? = nil,
        contentType: Rule? = nil,
        fields: [String: String] = [:],
        expires: Date
    ) {
        self.bucket = bucket
        self.key = key
        self.byteCount = byteCount
        self.contentType = contentType
        self.fields = fields
        self.expires = expires
    }

    /// The form's fields but the file, in the order in which they are best sent.
    ///
    /// A field whose rule is a beginning is left for the form to fill in, `key` apart, which begins as the
    /// rule says and ends with the file's name.
    package func formFields(
        credentials: Credentials,
        region: String,
        date: Date
    ) -> [(name: String, value: String)] {
        let scope = SigningScope(date: date, region: region, service: "s3")
        var form: [(name: String, value: String)] = []
        switch key {
        case .equals(let key): form.append(("key", key))
        case .startsWith(let prefix): form.append(("key", prefix + "${filename}"))
        }
        if case .equals(let type) = contentType { form.append(("Content-Type", type)) }
        form += fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        var proof = [
            ("x-amz-algorithm", SignatureV4.algorithm),
            ("x-amz-credential", "\(credentials.accessKeyID)/\(scope.text)"),
            ("x-amz-date", scope.timestamp),
        ]
        if let token = credentials.sessionToken { proof.append(("x-amz-security-token", token)) }
        let policy = Data(document(proof: proof).utf8).base64EncodedString()
        let signature = scope.signature(ofText: policy, secretAccessKey: credentials.secretAccessKey)
        return form + proof + [("policy", policy), ("x-amz-signature", signature)]
    }

    /// The policy as JSON.
    private func document(proof: [(String, String)]) -> String {
        var conditions = [#"{"bucket":\#(Self.quoted(bucket))}"#, Self.condition("key", key)]
        if let byteCount {
            conditions.append(#"["content-length-range",\#(byteCount.lowerBound),\#(byteCount.upperBound)]"#)
        }
        if let contentType { conditions.append(Self.condition("Content-Type", contentType)) }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) + proof {
            conditions.append("{\(Self.quoted(name)):\(Self.quoted(value))}")
        }
        let moment = expires.formatted(.iso8601)
        return #"{"expiration":"\#(moment)","conditions":[\#(conditions.joined(separator: ","))]}"#
    }

    private static func condition(_ name: String, _ rule: Rule) -> String {
        switch rule {
        case .equals(let value): "{\(quoted(name)):\(quoted(value))}"
        case .startsWith(let prefix): #"["starts-with","$\#(name)",\#(quoted(prefix))]"#
        }
    }

    /// Text as a JSON string (RFC 8259 §7).
    private static func quoted(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
