internal import Jobs

/// What requests say of pipelines.
enum PipelineRequest {
    /// The pipeline that a request to make one describes, but for its id.
    static func pipeline(_ input: JSONValue) throws(APIError) -> Pipeline {
        try checkRole(input)
        let outputBucket = input["OutputBucket"]?.text
        let content = input["ContentConfig"].flatMap(destination)
        let thumbnails = input["ThumbnailConfig"].flatMap(destination)
        if outputBucket == nil, content == nil {
            throw refusal("[OutputBucket and ContentConfig:Bucket are not allowed to both be null.]")
        }
        if outputBucket != nil, input["ContentConfig"] != nil {
            throw refusal("[OutputBucket and ContentConfig are mutually exclusive.]")
        }
        if outputBucket != nil, input["ThumbnailConfig"] != nil {
            throw refusal("[OutputBucket and ThumbnailConfig are mutually exclusive.]")
        }
        if content != nil, thumbnails == nil { throw missingThumbnails }
        var pipeline = Pipeline(
            id: "",
            name: input["Name"]?.text ?? "",
            inputBucket: input["InputBucket"]?.text ?? "",
            outputBucket: outputBucket,
            presets: []
        )
        pipeline.role = input["Role"]?.text
        pipeline.keyARN = input["AwsKmsKeyArn"]?.text
        if let notifications = input["Notifications"] { pipeline.topics = topics(notifications) }
        pipeline.content = content
        pipeline.thumbnails = thumbnails
        return pipeline
    }

    /// Changes the members that a request gives.
    static func change(_ pipeline: inout Pipeline, _ input: JSONValue) throws(APIError) {
        try checkRole(input)
        if let name = input["Name"]?.text { pipeline.name = name }
        if let bucket = input["InputBucket"]?.text { pipeline.inputBucket = bucket }
        if let role = input["Role"]?.text { pipeline.role = role }
        if let key = input["AwsKmsKeyArn"]?.text { pipeline.keyARN = key }
        if let notifications = input["Notifications"] { pipeline.topics = topics(notifications) }
        if let given = input["ThumbnailConfig"] {
            guard let thumbnails = destination(given) else { throw missingThumbnails }
            pipeline.thumbnails = thumbnails
        }
        if let given = input["ContentConfig"] {
            guard let content = destination(given) else {
                throw refusal("[OutputBucket and ContentConfig:Bucket are not allowed to both be null.]")
            }
            // Thumbnails stay where they were.
            pipeline.thumbnails =
                pipeline.thumbnails ?? Pipeline.Destination(bucket: pipeline.effectiveOutputBucket)
            pipeline.content = content
            pipeline.outputBucket = nil
        }
    }

    static func topics(_ notifications: JSONValue) -> Pipeline.Topics {
        Pipeline.Topics(
            progressing: notifications["Progressing"]?.text ?? "",
            completed: notifications["Completed"]?.text ?? "",
            warning: notifications["Warning"]?.text ?? "",
            error: notifications["Error"]?.text ?? ""
        )
    }

    /// The form of a role; there are no roles here, so any will do.
    static func checkRole(_ input: JSONValue) throws(APIError) {
        guard let role = input["Role"]?.text else { return }
        guard !role.isEmpty else { throw refusal("Role cannot be blank") }
        guard case .text(let pattern?, _, _) = APIDescription.shapes["Role"]?.kind,
            Patterns.matches(role, pattern)
        else { throw refusal("Role ARN is invalid: \(RequestReader.excerpt(role))") }
    }

    private static func destination(_ value: JSONValue) -> Pipeline.Destination? {
        guard let bucket = value["Bucket"]?.text else { return nil }
        return Pipeline.Destination(
            bucket: bucket,
            storageClass: value["StorageClass"]?.text,
            permissions: (value["Permissions"]?.elements ?? []).map { permission in
                Pipeline.Permission(
                    granteeType: permission["GranteeType"]?.text,
                    grantee: permission["Grantee"]?.text,
                    access: (permission["Access"]?.elements ?? []).compactMap(\.text)
                )
            }
        )
    }

    private static var missingThumbnails: APIError {
        refusal("[ThumbnailConfig:Bucket is not allowed to be null if ContentConfig is specified.]")
    }

    private static func refusal(_ message: String) -> APIError { APIError(.validation, message) }
}
