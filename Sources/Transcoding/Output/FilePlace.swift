internal import FFmpeg
internal import Foundation

/// An output's name: written under a temporary one beside it, then renamed.
struct FilePlace: OutputPlace {
    private let path: String
    private let temporaryPath: String
    private let isReplacing: Bool

    /// - Throws: `output.exists` before any work is done, and `output.unwritable` for a folder's name.
    init(_ path: String, _ request: TranscodeRequest) throws(TranscodingError) {
        self.path = path
        isReplacing = request.replacesOutput
        let folder = (path as NSString).deletingLastPathComponent
        let base = (path as NSString).lastPathComponent
        let mark = UInt32.random(in: 0 ... .max)
        temporaryPath = (folder.isEmpty ? "." : folder) + "/.\(base.prefix(200)).\(mark).part"
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        if isFolder.boolValue { throw TranscodingError(.outputExists, "\(path) is a folder") }
        if !request.replacesOutput {
            throw TranscodingError(.outputExists, "\(path) exists already; use --force to replace it")
        }
        for case .file(let input) in request.clips.map(\.input) where isSameFile(input, path) {
            throw TranscodingError(.outputExists, "\(path) is the input itself")
        }
    }

    func create() throws(TranscodingError) -> OutputBody {
        do { return try OutputBody(creating: temporaryPath) } catch { throw explain(error) }
    }

    func check(
        _ expected: OutputCheck.Expectation,
        _ limits: IngestLimits
    ) throws(TranscodingError) -> OutputCheck.Finding {
        do {
            return try OutputCheck.run(FileReader(path: temporaryPath), expected, limits)
        } catch let error as TranscodingError {
            throw error
        } catch {
            throw TranscodingError(.outputRejected, "the output cannot be read back: \(error)")
        }
    }

    func explain(_ failure: FFmpegError) -> TranscodingError {
        TranscodingError(.outputUnwritable, "\(path) cannot be written: \(failure.reason)", cause: failure)
    }

    /// Gives the finished file its name, never over another one unless told so.
    func publish() throws(TranscodingError) {
        if !isReplacing, link(temporaryPath, path) == 0 {
            unlink(temporaryPath)
        } else {
            if !isReplacing, errno == EEXIST {
                throw TranscodingError(.outputExists, "\(path) exists already; use --force to replace it")
            }
            guard rename(temporaryPath, path) == 0 else {
                throw explain(FFmpegError(errno: errno, action: "name the output"))
            }
        }
        let folder = (path as NSString).deletingLastPathComponent
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Removes the temporary file, if it is still there.
    func discard() { unlink(temporaryPath) }

    private func isSameFile(_ first: String, _ second: String) -> Bool {
        var left = stat()
        var right = stat()
        guard stat(first, &left) == 0, stat(second, &right) == 0 else { return false }
        return left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }
}

extension TranscodeRequest {
    /// Refuses two renditions with one name.
    ///
    /// - Throws: `output.exists`.
    func checkOutputs() throws(TranscodingError) {
        var seen: Set<String> = []
        for case .file(let path) in renditions.map(\.output) {
            let folder = (path as NSString).deletingLastPathComponent
            let place = ((folder.isEmpty ? "." : folder) as NSString).resolvingSymlinksInPath
            let name = URL(fileURLWithPath: place).appendingPathComponent(
                (path as NSString).lastPathComponent
            )
            guard seen.insert(name.standardizedFileURL.path).inserted else {
                throw TranscodingError(.outputExists, "two renditions would be written to \(path)")
            }
        }
    }
}
