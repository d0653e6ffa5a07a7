/// A request that the API takes.
struct Operation: Sendable {
    enum Name: String, Sendable, CaseIterable {
        case cancelJob = "CancelJob"
        case createJob = "CreateJob"
        case createPipeline = "CreatePipeline"
        case createPreset = "CreatePreset"
        case deletePipeline = "DeletePipeline"
        case deletePreset = "DeletePreset"
        case listJobsByPipeline = "ListJobsByPipeline"
        case listJobsByStatus = "ListJobsByStatus"
        case listPipelines = "ListPipelines"
        case listPresets = "ListPresets"
        case readJob = "ReadJob"
        case readPipeline = "ReadPipeline"
        case readPreset = "ReadPreset"
        case testRole = "TestRole"
        case updatePipeline = "UpdatePipeline"
        case updatePipelineNotifications = "UpdatePipelineNotifications"
        case updatePipelineStatus = "UpdatePipelineStatus"
    }

    let name: Name
    let summary: String
    let method: String
    /// Below the version, with the members' names in braces.
    let path: String
    /// The HTTP status of success.
    let status: Int
    let input: [Member]
    let output: [Member]
    /// Errors beside those that every operation may have.
    let errors: [APIError.Kind]

    init(
        _ name: Name,
        _ summary: String,
        _ method: String,
        _ path: String,
        status: Int,
        input: [Member],
        output: [Member] = [],
        errors: [APIError.Kind] = []
    ) {
        self.name = name
        self.summary = summary
        self.method = method
        self.path = path
        self.status = status
        self.input = input
        self.output = output
        self.errors = errors
    }
}
