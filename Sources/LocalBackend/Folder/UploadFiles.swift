internal import Foundation
internal import Jobs

/// Objects that are being written in parts: a folder each, below the folder of uploads.
struct UploadFiles: Sendable {
    /// What an upload is going to be.
    struct Plan: Codable, Sendable {
        let bucket: String
        let key: String
        let contentType: String
        let metadata: [String: String]

        init(_ location: ObjectLocation, _ attributes: ObjectAttributes) {
            bucket = location.bucket
            key = location.key
            contentType = attributes.contentType
            metadata = attributes.metadata
        }

        var location: ObjectLocation { ObjectLocation(bucket: bucket, key: key) }
        var attributes: ObjectAttributes { ObjectAttributes(contentType: contentType, metadata: metadata) }

        /// Whether bucket and key are these, byte for byte.
        func isFor(_ location: ObjectLocation) -> Bool {
            bucket.utf8.elementsEqual(location.bucket.utf8) && key.utf8.elementsEqual(location.key.utf8)
        }
    }

    static let namePrefix = "upload-"
    private static let planName = FileName("plan.json".utf8)
    private static let partPrefix = "part-"

    let folder: DataFolder

    /// Begins an upload, and returns its name and the lock that says that somebody works on it.
    func begin(_ plan: Plan) throws(BackendError) -> (name: FileName, lock: HeldFile) {
        let uploads = try Folder.open(making: folder.uploads)
        let name = FileName((Self.namePrefix + Draft.randomName()).utf8)
        let label = plan.location.description
        guard let json = try? JSONEncoder().encode(plan) else {
            throw BackendError(.invalid, "the attributes of \(label) are no text")
        }
        return try FolderLock.uploads(of: folder).hold { () throws(BackendError) in
            try uploads.makeFolder(name)
            do throws(BackendError) {
                guard let upload = try uploads.folder(name) else { throw Self.isGone(label) }
                let file = try upload.makeFile(Self.planName, label: label)
                try file.lock()
                try file.append(json)
                return (name, HeldFile(file))
            } catch {
                // Ours is the failure to report, not that of clearing up.
                try? remove(name)
                throw error
            }
        }
    }

    func open(_ name: FileName, label: String) throws(BackendError) -> Folder {
        guard let upload = try Folder.open(making: folder.uploads).folder(name) else {
            throw Self.isGone(label)
        }
        return upload
    }

    static func isGone(_ label: String) -> BackendError {
        BackendError(.notFound, "the upload of \(label) was completed or aborted")
    }

    // MARK: - Parts

    func write(part number: Int, _ data: Data, of name: FileName, label: String) throws(BackendError) {
        guard 1...10_000 ~= number else {
            throw BackendError(.invalid, "part \(number) of \(label) is not one of 1 to 10,000")
        }
        let upload = try open(name, label: label)
        let newName = FileName(("new-" + Draft.randomName()).utf8)
        do {
            let file = try upload.makeFile(newName, label: label)
            try file.append(data)
            try upload.move(newName, to: upload, FileName("\(Self.partPrefix)\(number)".utf8))
        } catch {
            // Ours is the failure to report, not that of clearing up.
            _ = try? upload.remove(newName)
            throw error.code == .notFound ? Self.isGone(label) : error
        }
    }

    /// Appends all parts in their order to `draft`.
    func join(
        _ name: FileName,
        minimumPartSize: Int,
        to draft: Draft,
        label: String
    ) throws(BackendError) {
        let upload = try open(name, label: label)
        let numbers = try upload.entries().compactMap { entry in
            let text = String(decoding: entry.name, as: UTF8.self)
            return text.hasPrefix(Self.partPrefix) ? Int(text.dropFirst(Self.partPrefix.count)) : nil
        }
        guard let last = numbers.max() else { throw BackendError(.invalid, "\(label) has no parts") }
        for number in numbers.sorted() {
            guard let part = try upload.file(FileName("\(Self.partPrefix)\(number)".utf8)) else {
                throw Self.isGone(label)
            }
            let byteCount = try part.stamp().byteCount
            guard number == last || byteCount >= minimumPartSize else {
                throw BackendError(.invalid, "part \(number) of \(label) is smaller than \(minimumPartSize)")
            }
            try draft.file.append(part)
        }
    }

    // MARK: - Leftovers

    /// Removes an upload; one that is gone is no error.
    func remove(_ name: FileName) throws(BackendError) {
        let uploads = try Folder.open(making: folder.uploads)
        // Again when a part arrived while we were at it.
        for _ in 0..<3 {
            guard let upload = try uploads.folder(name) else { return }
            for entry in try upload.entries() { try upload.remove(entry.name) }
            if uploads.removeEmptyFolder(name) { return }
        }
    }

    /// Removes all uploads to `location`, and returns how many there were.
    func removeAll(of location: ObjectLocation) throws(BackendError) -> Int {
        let uploads = try Folder.open(making: folder.uploads)
        var count = 0
        for name in try names(in: uploads) {
            guard let upload = try uploads.folder(name), let file = try upload.file(Self.planName) else {
                continue
            }
            let json = try file.read(0..<1 << 20)
            guard let plan = try? JSONDecoder().decode(Plan.self, from: json), plan.isFor(location) else {
                continue
            }
            try remove(name)
            count += 1
        }
        return count
    }

    /// Removes what processes that are gone have left: unpublished objects, and uploads.
    func removeAbandoned() throws(BackendError) {
        let uploads = try Folder.open(making: folder.uploads)
        try FolderLock.uploads(of: folder).hold { () throws(BackendError) in
            for entry in try uploads.entries() {
                let text = String(decoding: entry.name, as: UTF8.self)
                if entry.kind == .file, text.hasPrefix(Draft.namePrefix) {
                    if let file = try uploads.file(entry.name), file.tryLock() {
                        try uploads.remove(entry.name)
                    }
                } else if entry.kind == .folder, text.hasPrefix(Self.namePrefix) {
                    guard let upload = try uploads.folder(entry.name) else { continue }
                    if let file = try upload.file(Self.planName), !file.tryLock() { continue }
                    try remove(entry.name)
                }
            }
        }
    }

    private func names(in uploads: borrowing Folder) throws(BackendError) -> [FileName] {
        try uploads.entries()
            .filter { $0.kind == .folder && $0.name.starts(with: Self.namePrefix.utf8) }
            .map(\.name)
    }
}

/// Keeps a file open, and with it locked, as long as it lives.
final class HeldFile: Sendable {
    private let file: OpenFile

    init(_ file: consuming OpenFile) { self.file = file }
}
