/// The keys and indexes of a table; every key is text.
///
/// `deploy/cloudformation.yaml` makes the same ones, which a test compares.
package struct TableDesign: Sendable, Equatable {
    package struct Key: Sendable, Equatable {
        package let partition: String
        package let sort: String
    }

    /// A global secondary index, which holds nothing but keys.
    package struct Index: Sendable, Equatable {
        package let name: String
        package let key: Key
        /// Whether a table that somebody else made may lack it.
        package var isOptional = false
    }

    package let name: String
    package let key: Key
    package let indexes: [Index]

    /// The site's table of video records.
    package static func responses(named name: String) -> TableDesign {
        TableDesign(
            name: name,
            key: Key(partition: RecordItem.projectStep, sort: RecordItem.mail),
            indexes: [
                Index(
                    name: MailIndex.name,
                    key: Key(partition: RecordItem.mail, sort: RecordItem.projectStep),
                    isOptional: true
                )
            ]
        )
    }

    /// The table of jobs, documents and identities; `DynamoDBMetadataStore` says what is in it.
    package static func jobs(named name: String) -> TableDesign {
        TableDesign(
            name: name,
            key: Key(partition: JobItem.partition, sort: JobItem.sort),
            indexes: [
                Index(name: JobItem.allIndex, key: Key(partition: JobItem.kind, sort: JobItem.sort)),
                Index(
                    name: JobItem.pipelineIndex,
                    key: Key(partition: JobItem.pipeline, sort: JobItem.sort)
                ),
                Index(name: JobItem.statusIndex, key: Key(partition: JobItem.status, sort: JobItem.sort)),
            ]
        )
    }

    /// Every attribute that is part of a key, sorted.
    package var keyAttributes: [String] {
        let keys = [key] + indexes.map(\.key)
        return Set(keys.flatMap { [$0.partition, $0.sort] }).sorted()
    }
}
