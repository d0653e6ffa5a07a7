internal import HTTPTypes
internal import Hummingbird
internal import Jobs

/// Why an upload is not taken, in S3's words.
struct UploadRefusal: Error, Sendable, Equatable {
    let status: Int
    /// One of the codes of "Error responses" in the Amazon S3 API Reference.
    let code: String
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static func policy(_ reason: String) -> UploadRefusal {
        UploadRefusal(403, "AccessDenied", "Invalid according to Policy: \(reason)")
    }

    static func document(_ reason: String) -> UploadRefusal {
        UploadRefusal(400, "InvalidPolicyDocument", "Invalid Policy: \(reason)")
    }

    static func argument(_ reason: String) -> UploadRefusal {
        UploadRefusal(400, "InvalidArgument", reason)
    }

    /// S3 answers 400 under this code; here it is 403, as with every other breach of a policy.
    static let tooLarge = UploadRefusal(
        403,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size"
    )
    static let tooSmall = UploadRefusal(
        400,
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size"
    )

    init(_ fault: MultipartForm.Fault) {
        self =
            switch fault {
            case .malformed:
                UploadRefusal(
                    400,
                    "MalformedPOSTRequest",
                    "The body of your POST request is not well-formed multipart/form-data."
                )
            case .tooLong:
                UploadRefusal(
                    400,
                    "MaxPostPreDataLengthExceededError",
                    "Your POST request fields preceding the upload file were too large."
                )
            }
    }

    init(_ error: BackendError) {
        self =
            switch error.code {
            case .notFound:
                UploadRefusal(404, "NoSuchBucket", "The specified bucket does not exist")
            case .denied: UploadRefusal(403, "AccessDenied", "Access Denied")
            case .invalid: UploadRefusal(400, "InvalidArgument", "The key cannot be stored")
            case .conflict, .throttled, .unavailable:
                UploadRefusal(503, "ServiceUnavailable", "Service is unable to handle request.")
            }
    }

    /// The answer, with a body as S3 sends it.
    func response(requestID: String) -> Response {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>\(code)</Code><Message>\(XMLText.escaped(message))</Message>\
            <RequestId>\(XMLText.escaped(requestID))</RequestId></Error>
            """
        return Response(
            status: .init(code: status),
            headers: [.contentType: "application/xml", .accessControlAllowOrigin: "*"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}

/// Text in XML.
enum XMLText {
    static func escaped(_ text: String) -> String {
        var xml = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": xml += "&amp;"
            case "<": xml += "&lt;"
            case ">": xml += "&gt;"
            case "\"": xml += "&quot;"
            case "\t", "\n", "\r": xml += "&#\(scalar.value);"
            // XML 1.0 has no way to write any other control character.
            case "\u{0}"..<"\u{20}", "\u{fffe}", "\u{ffff}": xml += "\u{fffd}"
            default: xml.unicodeScalars.append(scalar)
            }
        }
        return xml
    }
}
