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
        let place = FilePath(path)
        let mark = UInt32.random(in: 0 ... .max)
        temporaryPath = place.folder + "/.\(place.beginning(200)).\(mark).part"
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw TranscodingError(.outputExists, "\(path) is a folder")
        default:
            throw TranscodingError(.outputExists, "\(path) is a device or a pipe; name a file for the output")
        }
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
        let folder = FilePath(path).folder
        let reason =
            access(folder, F_OK) == 0
            ? failure.reason : "the folder \(folder) does not exist or is out of reach"
        return TranscodingError(.outputUnwritable, "\(path) cannot be written: \(reason)", cause: failure)
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
        let descriptor = open(FilePath(path).folder, O_RDONLY | O_CLOEXEC)
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
            let parts = FilePath(path)
            let place = URL(fileURLWithPath: parts.folder).resolvingSymlinksInPath()
            let name = place.appendingPathComponent(parts.name)
            guard seen.insert(name.standardizedFileURL.path).inserted else {
                throw TranscodingError(.outputExists, "two renditions would be written to \(path)")
            }
        }
    }
}
