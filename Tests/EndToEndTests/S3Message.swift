import Foundation

/// The message that S3 sends about an object.
struct S3Message {
    var bucket = "media"
    var key: String
    var name = "ObjectCreated:Put"
    var byteCount = 1
    var eTag = "d41d8cd98f00b204e9800998ecf8427e"
    var sequencer = "0055AED6DCD90281E5"

    var text: String {
        // As in HTML forms, but for the slash (Amazon S3 User Guide, "Event message structure").
        let allowed = CharacterSet(charactersIn: "/-_.*").union(.alphanumerics)
        let key = key.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return """
            {"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1",\
            "eventTime":"2026-11-24T07:00:00.000Z","eventName":"\(name)","s3":{"s3SchemaVersion":"1.0",\
            "configurationId":"videos","bucket":{"name":"\(bucket)","arn":"arn:aws:s3:::\(bucket)"},\
            "object":{"key":"\(key)","size":\(byteCount),"eTag":"\(eTag)","sequencer":"\(sequencer)"}}}]}
            """
    }

    var data: Data { Data(text.utf8) }
}
