internal import Jobs

extension ElasticTranscoderAPI {
    /// A pipeline as the API shows it.
    func answer(_ pipeline: Pipeline) -> JSONValue {
        let content = pipeline.content ?? Pipeline.Destination(bucket: pipeline.effectiveOutputBucket)
        return .object([
            "Id": .string(pipeline.id),
            "Arn": .string(arn(.pipeline, pipeline.id)),
            "Name": .string(pipeline.name),
            "Status": .string(pipeline.isPaused ? "Paused" : "Active"),
            "InputBucket": .string(pipeline.inputBucket),
            "OutputBucket": JSONValue(optional: pipeline.outputBucket),
            "Role": JSONValue(optional: pipeline.role),
            "AwsKmsKeyArn": JSONValue(optional: pipeline.keyARN),
            "Notifications": .object([
                "Progressing": .string(pipeline.topics.progressing),
                "Completed": .string(pipeline.topics.completed),
                "Warning": .string(pipeline.topics.warning),
                "Error": .string(pipeline.topics.error),
            ]),
            "ContentConfig": answer(content),
            "ThumbnailConfig": answer(pipeline.thumbnails ?? content),
        ])
    }

    private func answer(_ destination: Pipeline.Destination) -> JSONValue {
        .object([
            "Bucket": .string(destination.bucket),
            "StorageClass": .string(destination.storageClass ?? "Standard"),
            "Permissions": .array(destination.permissions.map(answer)),
        ])
    }

    private func answer(_ permission: Pipeline.Permission) -> JSONValue {
        .object([
            "GranteeType": JSONValue(optional: permission.granteeType),
            "Grantee": JSONValue(optional: permission.grantee),
            "Access": .array(permission.access.map(JSONValue.string)),
        ])
    }
}
