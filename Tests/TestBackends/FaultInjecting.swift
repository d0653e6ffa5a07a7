package import Foundation
package import Jobs

/// An object store some of whose calls fail.
package struct FaultInjectingObjectStore: ObjectStore {
    let store: any ObjectStore
    let plan: FaultPlan

    package init(_ store: any ObjectStore, _ plan: FaultPlan) {
        self.store = store
        self.plan = plan
    }

    package func head(_ location: ObjectLocation) async throws(BackendError) -> ObjectInfo {
        try await plan.run("head") { () async throws(BackendError) in try await store.head(location) }
    }

    package func read(
        _ location: ObjectLocation,
        range: Range<Int64>,
        eTag: String?
    ) async throws(BackendError) -> Data {
        try await plan.run("read") { () async throws(BackendError) in
            try await store.read(location, range: range, eTag: eTag)
        }
    }

    package func write(
        _ data: Data,
        to location: ObjectLocation,
        attributes: ObjectAttributes,
        condition: WriteCondition
    ) async throws(BackendError) -> String {
        try await plan.run("write") { () async throws(BackendError) in
            try await store.write(data, to: location, attributes: attributes, condition: condition)
        }
    }

    package func startUpload(
        to location: ObjectLocation,
        attributes: ObjectAttributes
    ) async throws(BackendError) -> any ObjectUpload {
        try await plan.run("startUpload") { () async throws(BackendError) -> any ObjectUpload in
            FaultInjectingUpload(
                upload: try await store.startUpload(to: location, attributes: attributes),
                plan: plan
            )
        }
    }

    package func delete(_ location: ObjectLocation) async throws(BackendError) {
        try await plan.run("delete") { () async throws(BackendError) in try await store.delete(location) }
    }

    package func list(
        bucket: String,
        prefix: String,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<ObjectSummary> {
        try await plan.run("list") { () async throws(BackendError) in
            try await store.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
        }
    }

    package func hasBucket(_ bucket: String) async throws(BackendError) -> Bool {
        try await plan.run("hasBucket") { () async throws(BackendError) in try await store.hasBucket(bucket) }
    }

    package func abortUploads(of location: ObjectLocation) async throws(BackendError) -> Int {
        try await plan.run("abortUploads") { () async throws(BackendError) in
            try await store.abortUploads(of: location)
        }
    }
}

private struct FaultInjectingUpload: ObjectUpload {
    let upload: any ObjectUpload
    let plan: FaultPlan

    var minimumPartSize: Int { upload.minimumPartSize }

    func upload(part number: Int, _ data: Data) async throws(BackendError) {
        try await plan.run("upload") { () async throws(BackendError) in
            try await upload.upload(part: number, data)
        }
    }

    func complete(condition: WriteCondition) async throws(BackendError) -> String {
        try await plan.run("complete") { () async throws(BackendError) in
            try await upload.complete(condition: condition)
        }
    }

    func abort() async throws(BackendError) {
        try await plan.run("abort") { () async throws(BackendError) in try await upload.abort() }
    }
}

/// A queue some of whose calls fail.
package struct FaultInjectingJobQueue: JobQueue {
    let queue: any JobQueue
    let plan: FaultPlan

    package init(_ queue: any JobQueue, _ plan: FaultPlan) {
        self.queue = queue
        self.plan = plan
    }

    package func send(_ body: String, delay: Double) async throws(BackendError) {
        try await plan.run("send") { () async throws(BackendError) in
            try await queue.send(body, delay: delay)
        }
    }

    package func receive(
        limit: Int,
        wait: Double,
        visibility: Double
    ) async throws(BackendError) -> [QueueMessage] {
        try await plan.run("receive") { () async throws(BackendError) in
            try await queue.receive(limit: limit, wait: wait, visibility: visibility)
        }
    }

    package func extend(_ message: QueueMessage, visibility: Double) async throws(BackendError) {
        try await plan.run("extend") { () async throws(BackendError) in
            try await queue.extend(message, visibility: visibility)
        }
    }

    package func delete(_ message: QueueMessage) async throws(BackendError) {
        try await plan.run("deleteMessage") { () async throws(BackendError) in
            try await queue.delete(message)
        }
    }

    package func deadLetter(_ message: QueueMessage, _ letter: DeadLetter) async throws(BackendError) {
        try await plan.run("deadLetter") { () async throws(BackendError) in
            try await queue.deadLetter(message, letter)
        }
    }

    package func deadLetters(limit: Int) async throws(BackendError) -> [DeadLetter] {
        try await plan.run("deadLetters") { () async throws(BackendError) in
            try await queue.deadLetters(limit: limit)
        }
    }

    package func redrive(limit: Int) async throws(BackendError) -> Int {
        try await plan.run("redrive") { () async throws(BackendError) in
            try await queue.redrive(limit: limit)
        }
    }

    package func depth() async throws(BackendError) -> QueueDepth {
        try await plan.run("depth") { () async throws(BackendError) in try await queue.depth() }
    }
}

/// A notifier some of whose calls fail.
package struct FaultInjectingNotifier: Notifier {
    let notifier: any Notifier
    let plan: FaultPlan

    package init(_ notifier: any Notifier, _ plan: FaultPlan) {
        self.notifier = notifier
        self.plan = plan
    }

    package func send(_ notification: Jobs.Notification) async throws(BackendError) {
        try await plan.run("notify") { () async throws(BackendError) in
            try await notifier.send(notification)
        }
    }
}
