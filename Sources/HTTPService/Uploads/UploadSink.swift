internal import Foundation
internal import Jobs

/// Writes a file that comes in pieces as one object, of which at most one part is in memory.
struct UploadSink {
    private static let partSize = 8 << 20

    private let objects: any ObjectStore
    private let location: ObjectLocation
    private let attributes: ObjectAttributes
    private var pending = Data()
    private var upload: (any ObjectUpload)?
    private var partCount = 0
    private(set) var byteCount: Int64 = 0

    init(objects: any ObjectStore, location: ObjectLocation, attributes: ObjectAttributes) {
        self.objects = objects
        self.location = location
        self.attributes = attributes
    }

    mutating func append(_ bytes: ArraySlice<UInt8>) async throws(BackendError) {
        byteCount += Int64(bytes.count)
        pending.append(contentsOf: bytes)
        guard pending.count >= Self.partSize else { return }
        let upload = try await started()
        let size = max(Self.partSize, upload.minimumPartSize)
        while pending.count >= size {
            partCount += 1
            try await upload.upload(part: partCount, pending.prefix(size))
            pending = Data(pending.dropFirst(size))
        }
    }

    /// Makes the object visible, and returns its ETag.
    mutating func complete() async throws(BackendError) -> String {
        guard let upload else {
            return try await objects.write(pending, to: location, attributes: attributes, condition: .none)
        }
        if !pending.isEmpty {
            partCount += 1
            try await upload.upload(part: partCount, pending)
            pending = Data()
        }
        return try await upload.complete(condition: .none)
    }

    /// Leaves nothing of what was written, though the client may be gone and its task cancelled.
    func abort() async {
        guard let upload else { return }
        await Task { try? await upload.abort() }.value
    }

    private mutating func started() async throws(BackendError) -> any ObjectUpload {
        if let upload { return upload }
        let upload = try await objects.startUpload(to: location, attributes: attributes)
        self.upload = upload
        return upload
    }
}
