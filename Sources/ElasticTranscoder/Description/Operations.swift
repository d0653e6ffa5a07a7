extension APIDescription {
    /// All operations, by name.
    static let operations: [Operation] = [
        Operation(
            .cancelJob,
            "Cancels a job that no worker has begun.",
            "DELETE",
            "/jobs/{Id}",
            status: 202,
            input: [
                .inPath("Id", "Id")
            ],
            errors: [.notFound, .inUse]
        ),
        Operation(
            .createJob,
            "Asks for an input to be transcoded.",
            "POST",
            "/jobs",
            status: 201,
            input: [
                .inBody("PipelineId", "Id", isRequired: true),
                .inBody("Input", "JobInput"),
                .inBody("Inputs", "JobInputs"),
                .inBody("Output", "CreateJobOutput"),
                .inBody("Outputs", "CreateJobOutputs"),
                .inBody("OutputKeyPrefix", "Key"),
                .inBody("Playlists", "CreateJobPlaylists"),
                .inBody("UserMetadata", "UserMetadata"),
            ],
            output: [.inBody("Job", "Job")],
            errors: [.notFound, .limitExceeded]
        ),
        Operation(
            .createPipeline,
            "Makes a pipeline.",
            "POST",
            "/pipelines",
            status: 201,
            input: [
                .inBody("Name", "Name", isRequired: true),
                .inBody("InputBucket", "BucketName", isRequired: true),
                .inBody("OutputBucket", "BucketName"),
                .inBody("Role", "Role", isRequired: true),
                .inBody("AwsKmsKeyArn", "KeyArn"),
                .inBody("Notifications", "Notifications"),
                .inBody("ContentConfig", "PipelineOutputConfig"),
                .inBody("ThumbnailConfig", "PipelineOutputConfig"),
            ],
            output: [.inBody("Pipeline", "Pipeline"), .inBody("Warnings", "Warnings")],
            errors: [.notFound, .limitExceeded]
        ),
        Operation(
            .createPreset,
            "Makes a preset.",
            "POST",
            "/presets",
            status: 201,
            input: [
                .inBody("Name", "Name", isRequired: true),
                .inBody("Description", "Description"),
                .inBody("Container", "PresetContainer", isRequired: true),
                .inBody("Video", "VideoParameters"),
                .inBody("Audio", "AudioParameters"),
                .inBody("Thumbnails", "Thumbnails"),
            ],
            output: [.inBody("Preset", "Preset"), .inBody("Warning", "String")],
            errors: [.limitExceeded]
        ),
        Operation(
            .deletePipeline,
            "Deletes a pipeline that has no jobs to do.",
            "DELETE",
            "/pipelines/{Id}",
            status: 202,
            input: [
                .inPath("Id", "Id")
            ],
            errors: [.notFound, .inUse]
        ),
        Operation(
            .deletePreset,
            "Deletes a preset that a client made.",
            "DELETE",
            "/presets/{Id}",
            status: 202,
            input: [
                .inPath("Id", "Id")
            ],
            errors: [.notFound]
        ),
        Operation(
            .listJobsByPipeline,
            "Lists the jobs of a pipeline.",
            "GET",
            "/jobsByPipeline/{PipelineId}",
            status: 200,
            input: [
                .inPath("PipelineId", "Id"),
                .inQuery("Ascending", "Ascending"),
                .inQuery("PageToken", "Id"),
            ],
            output: [.inBody("Jobs", "Jobs"), .inBody("NextPageToken", "Id")],
            errors: [.notFound]
        ),
        Operation(
            .listJobsByStatus,
            "Lists the jobs in a state.",
            "GET",
            "/jobsByStatus/{Status}",
            status: 200,
            input: [
                .inPath("Status", "JobStatus"),
                .inQuery("Ascending", "Ascending"),
                .inQuery("PageToken", "Id"),
            ],
            output: [.inBody("Jobs", "Jobs"), .inBody("NextPageToken", "Id")],
            errors: [.notFound]
        ),
        Operation(
            .listPipelines,
            "Lists the pipelines that clients made.",
            "GET",
            "/pipelines",
            status: 200,
            input: [
                .inQuery("Ascending", "Ascending"),
                .inQuery("PageToken", "Id"),
            ],
            output: [.inBody("Pipelines", "Pipelines"), .inBody("NextPageToken", "Id")]
        ),
        Operation(
            .listPresets,
            "Lists the system's presets and those that clients made.",
            "GET",
            "/presets",
            status: 200,
            input: [
                .inQuery("Ascending", "Ascending"),
                .inQuery("PageToken", "Id"),
            ],
            output: [.inBody("Presets", "Presets"), .inBody("NextPageToken", "Id")]
        ),
        Operation(
            .readJob,
            "Tells all of a job.",
            "GET",
            "/jobs/{Id}",
            status: 200,
            input: [
                .inPath("Id", "Id")
            ],
            output: [.inBody("Job", "Job")],
            errors: [.notFound]
        ),
        Operation(
            .readPipeline,
            "Tells all of a pipeline.",
            "GET",
            "/pipelines/{Id}",
            status: 200,
            input: [
                .inPath("Id", "Id")
            ],
            output: [.inBody("Pipeline", "Pipeline"), .inBody("Warnings", "Warnings")],
            errors: [.notFound]
        ),
        Operation(
            .readPreset,
            "Tells all of a preset.",
            "GET",
            "/presets/{Id}",
            status: 200,
            input: [
                .inPath("Id", "Id")
            ],
            output: [.inBody("Preset", "Preset")],
            errors: [.notFound]
        ),
        Operation(
            .testRole,
            "Tells which buckets are not there.",
            "POST",
            "/roleTests",
            status: 200,
            input: [
                .inBody("Role", "Role", isRequired: true),
                .inBody("InputBucket", "BucketName", isRequired: true),
                .inBody("OutputBucket", "BucketName", isRequired: true),
                .inBody("Topics", "SnsTopics", isRequired: true),
            ],
            output: [.inBody("Success", "Success"), .inBody("Messages", "ExceptionMessages")],
            errors: [.notFound]
        ),
        Operation(
            .updatePipeline,
            "Changes members of a pipeline.",
            "PUT",
            "/pipelines/{Id}",
            status: 200,
            input: [
                .inPath("Id", "Id"),
                .inBody("Name", "Name"),
                .inBody("InputBucket", "BucketName"),
                .inBody("Role", "Role"),
                .inBody("AwsKmsKeyArn", "KeyArn"),
                .inBody("Notifications", "Notifications"),
                .inBody("ContentConfig", "PipelineOutputConfig"),
                .inBody("ThumbnailConfig", "PipelineOutputConfig"),
            ],
            output: [.inBody("Pipeline", "Pipeline"), .inBody("Warnings", "Warnings")],
            errors: [.inUse, .notFound]
        ),
        Operation(
            .updatePipelineNotifications,
            "Changes who is told of the jobs of a pipeline.",
            "POST",
            "/pipelines/{Id}/notifications",
            status: 200,
            input: [
                .inPath("Id", "Id"),
                .inBody("Notifications", "Notifications", isRequired: true),
            ],
            output: [.inBody("Pipeline", "Pipeline")],
            errors: [.notFound, .inUse]
        ),
        Operation(
            .updatePipelineStatus,
            "Pauses or activates a pipeline.",
            "POST",
            "/pipelines/{Id}/status",
            status: 200,
            input: [
                .inPath("Id", "Id"),
                .inBody("Status", "PipelineStatus", isRequired: true),
            ],
            output: [.inBody("Pipeline", "Pipeline")],
            errors: [.notFound, .inUse]
        ),
    ]
}
