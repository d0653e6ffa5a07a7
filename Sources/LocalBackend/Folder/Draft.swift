internal import Foundation
internal import Jobs

/// An object that is being written and that nobody can see yet.
///
/// Its file is locked as long as its writer lives, and removed unless it was published.
final class Draft {
    let file: OpenFile
    private let uploads: Folder
    private let name: FileName
    private var isPublished = false

    static let namePrefix = "write-"

    private init(file: consuming OpenFile, uploads: consuming Folder, name: FileName) {
        self.file = file
        self.uploads = uploads
        self.name = name
    }

    deinit {
        // Nothing can be done about a failure here; what is left is removed at the next start.
        if !isPublished { _ = try? uploads.remove(name) }
    }

    /// Begins an object; messages call it `label`.
    static func begin(in folder: DataFolder, label: String) throws(BackendError) -> Draft {
        try FolderLock.uploads(of: folder).hold { () throws(BackendError) in
            let uploads = try Folder.open(making: folder.uploads)
            let name = FileName((namePrefix + randomName()).utf8)
            let file = try uploads.makeFile(name, label: label)
            try file.lock()
            return Draft(file: file, uploads: uploads, name: name)
        }
    }

    /// A name that nobody else will come upon.
    static func randomName() -> String {
        String(UInt64.random(in: 0 ... .max), radix: 16) + String(UInt64.random(in: 0 ... .max), radix: 16)
    }

    /// Ends the writing: from here on the file has its ETag, its attributes, and lasts.
    func seal(_ attributes: ObjectAttributes, _ keeper: AttributeFiles) throws(BackendError) -> FileStamp {
        try file.touch()
        let stamp = try file.stamp()
        try keeper.write(attributes, of: file, stamp)
        try file.sync()
        return stamp
    }

    /// Moves the file to its place, where one that is there is replaced or, if it `mustBeNew`, a conflict.
    func publish(in folder: borrowing Folder, _ newName: FileName, mustBeNew: Bool) throws(BackendError) {
        if mustBeNew {
            try uploads.moveNew(name, to: folder, newName)
        } else {
            try uploads.move(name, to: folder, newName)
        }
        isPublished = true
        try folder.sync()
    }
}
