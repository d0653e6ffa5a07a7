package import Foundation
internal import IsolatedEngine

/// The engine's output as an object that is uploaded while it is made.
///
/// The bytes behind the head come first and in order. What shares the first part with the head waits here for
/// it; every other part is sent as soon as it is full, a bounded number of them at the same time. An output
/// that fits into one part is written whole at the end.
package actor MultipartOutput: AsyncOutput {
    /// Bytes; a multiple of the least a part may have, so that 10,000 parts hold any output.
    private let partSize: Int
    private let store: any ObjectStore
    private let location: ObjectLocation
    private let attributes: ObjectAttributes
    private let parallelParts: Int

    private var upload: (any ObjectUpload)?
    /// Where the bytes behind the head begin; known from the first write on.
    private var headByteCount: Int64?
    private var head = Data()
    /// What shares the first part with the head.
    private var first = Data()
    private var current = Data()
    private var nextPart = 2
    private var inFlight: [Task<Void, any Error>] = []
    /// Bytes received so far, each counted once.
    package private(set) var byteCount: Int64 = 0

    package init(
        store: any ObjectStore,
        location: ObjectLocation,
        attributes: ObjectAttributes,
        partSize: Int,
        parallelParts: Int = 3
    ) {
        self.store = store
        self.location = location
        self.attributes = attributes
        self.partSize = partSize
        self.parallelParts = parallelParts
    }

    /// Bytes of a part such that a rendition of `expected` bytes fits into 10,000 of them with room to spare.
    package static func partSize(expected: Int64) -> Int {
        let least = Int64(8 << 20)
        return Int(max(least, min(expected, 5 << 40) / 5000 + 1))
    }

    package func write(_ data: Data, at offset: Int64) async throws {
        let start = headByteCount ?? offset
        headByteCount = start
        byteCount += Int64(data.count)
        if offset < start {
            guard offset == Int64(head.count) else { throw disorder(offset) }
            head.append(data)
            return
        }
        guard offset == start + byteCount - Int64(data.count) - Int64(head.count), head.isEmpty else {
            throw disorder(offset)
        }
        var rest = data[...]
        let room = max(0, partSize - Int(start) - first.count)
        if nextPart == 2, current.isEmpty, room > 0 {
            first.append(rest.prefix(room))
            rest = rest.dropFirst(room)
        }
        while !rest.isEmpty {
            let taken = rest.prefix(partSize - current.count)
            current.append(taken)
            rest = rest.dropFirst(taken.count)
            if current.count == partSize { try await sendCurrent() }
        }
    }

    private func disorder(_ offset: Int64) -> BackendError {
        BackendError(.invalid, "\(location): bytes at \(offset) came out of order")
    }

    private func sendCurrent() async throws {
        let upload = try await startedUpload()
        let (number, part) = (nextPart, current)
        nextPart += 1
        current = Data()
        if inFlight.count >= parallelParts { try await awaitFirst() }
        inFlight.append(Task { try await self.send(part, number, upload) })
    }

    /// Waits for the part sent first; a cancelled wait gives the part up.
    private func awaitFirst() async throws {
        let part = inFlight.removeFirst()
        try await withTaskCancellationHandler {
            try await part.value
        } onCancel: {
            part.cancel()
        }
    }

    private func send(_ part: Data, _ number: Int, _ upload: any ObjectUpload) async throws(BackendError) {
        do {
            try await upload.upload(part: number, part)
        } catch {
            throw vanished(error)
        }
    }

    /// An upload that is gone was removed by somebody; another one may do.
    private func vanished(_ error: BackendError) -> BackendError {
        error.code == .notFound ? BackendError(.unavailable, "the upload of \(location) is gone") : error
    }

    private func startedUpload() async throws -> any ObjectUpload {
        if let upload { return upload }
        // Not cut short: an upload whose answer nobody hears could not be removed.
        let started = try await Task { [store, location, attributes] in
            try await store.startUpload(to: location, attributes: attributes)
        }.value
        upload = started
        return started
    }

    /// Sends what is left, so that `publish` only has to make the object visible.
    package func finish() async throws {
        guard let headByteCount, headByteCount == Int64(head.count) else {
            throw BackendError(.invalid, "\(location): the head is missing")
        }
        guard upload != nil || !current.isEmpty else { return }
        if !current.isEmpty { try await sendCurrent() }
        let upload = try await startedUpload()
        while !inFlight.isEmpty { try await awaitFirst() }
        try await send(head + first, 1, upload)
    }

    /// Makes the object visible, and returns its ETag.
    ///
    /// - Throws: `conflict` when the condition does not hold; it can then be tried under another one.
    package func publish(condition: WriteCondition) async throws(BackendError) -> String {
        guard let upload else {
            let data = head + first
            return try await store.write(data, to: location, attributes: attributes, condition: condition)
        }
        do {
            let eTag = try await upload.complete(condition: condition)
            self.upload = nil
            return eTag
        } catch {
            throw vanished(error)
        }
    }

    /// Throws away what was uploaded and not published, even when the task is cancelled.
    package func abort() async {
        for task in inFlight {
            task.cancel()
            _ = await task.result
        }
        inFlight = []
        // What cannot be removed now is removed by the bucket's own rule for unfinished uploads.
        await Task { [upload] in try? await upload?.abort() }.value
        upload = nil
    }
}
