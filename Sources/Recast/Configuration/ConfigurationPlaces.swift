/// The settings that say where things are.
struct ConfigurationPlaces {
    var backend: Configuration.Backend
    var dataFolder: String
    var inputBucket: String?
    var table: String
    var responsesTable: String
    var queueURL: String?
    var deadLetterQueueURL: String?
    var spoolFolder: String
    var spoolLimit: Int64

    static func read(
        _ reader: inout ConfigurationReader,
        _ environment: [String: String]
    ) -> ConfigurationPlaces {
        let queueURL = reader.read("queueURL", "RECAST_QUEUE_URL", .address(hidesPath: false))
        let backend: Configuration.Backend = reader.read(
            "backend",
            "RECAST_BACKEND",
            .choice,
            default: queueURL == nil ? .local : .aws,
            impliedBy: queueURL == nil ? nil : "queueURL"
        )
        let dataFolder = reader.read("data", "RECAST_DATA", .text(), default: "./recast-data")
        let inputBucket =
            backend == .local
            ? reader.read("inputBucket", "MEDIA_BUCKET_NAME", .bucket, default: "media")
            : reader.read("inputBucket", "MEDIA_BUCKET_NAME", .bucket)
        return ConfigurationPlaces(
            backend: backend,
            dataFolder: dataFolder,
            inputBucket: inputBucket,
            table: reader.read("table", "RECAST_TABLE", .table, default: "recast"),
            responsesTable: reader.read(
                "responsesTable",
                "RESPONSES_TABLE_NAME",
                .table,
                default: "responses"
            ),
            queueURL: queueURL,
            deadLetterQueueURL: reader.read(
                "deadLetterQueueURL",
                "RECAST_DLQ_URL",
                .address(hidesPath: false)
            ),
            spoolFolder: reader.read(
                "spool.folder",
                "RECAST_SPOOL",
                .text(),
                default: standardSpool(backend, dataFolder, environment)
            ),
            spoolLimit: reader.read(
                "spool.limit",
                "RECAST_SPOOL_LIMIT",
                .bytes(1...(1 << 50)),
                default: 20 << 30
            )
        )
    }

    /// Beside the data, or among the temporary files of a machine that keeps none.
    private static func standardSpool(
        _ backend: Configuration.Backend,
        _ dataFolder: String,
        _ environment: [String: String]
    ) -> String {
        guard backend == .aws else { return dataFolder + "/spool" }
        let temporary = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        return (temporary.hasSuffix("/") ? String(temporary.dropLast()) : temporary) + "/recast-spool"
    }
}
