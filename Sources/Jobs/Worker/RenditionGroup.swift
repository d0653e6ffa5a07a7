internal import Foundation
internal import IsolatedEngine
internal import Logging
internal import Transcoding

/// Transcodes one input into some outputs, from one decode, and publishes them.
struct RenditionGroup: Sendable {
    let runner: JobRunner
    let input: ObjectInput
    let progress: JobProgress
    /// The numbers of outputs within their job, and where they go; all of the same part of the input.
    var members: [(index: Int, upload: RenditionUpload)] = []

    /// Called with an output's number just before it becomes visible; says whether the claim still holds.
    typealias Keep = @Sendable (Int, Rendition) async throws -> Bool
    /// Called with an output's number when it is visible; says whether the claim still holds.
    typealias OnMade = (Int, RenditionUpload.Made) async throws -> Bool

    /// Makes them and publishes one after the other; `false` says that the claim is lost.
    ///
    /// Nothing is visible before the engine has checked all of them. A decoder that dies gets one more try in a
    /// fresh process, if there is but one output. What is not published when it throws has left nothing behind.
    func run(_ log: Logger, keep: @escaping Keep, onMade: OnMade) async throws -> Bool {
        do {
            return try await stream(keep, onMade)
        } catch EngineFailure.transcoding(let error)
            where error.code == .engineCrashed && members.count == 1
        {
            log.warning("engine crashed, trying once more", metadata: ["reason": "\(error.message)"])
            return try await stream(keep, onMade)
        } catch EngineFailure.transcoding(let error) where error.code == .outputNeedsFile {
            log.info("output is spooled", metadata: ["reason": "\(error.message)"])
            return try await spool(keep, onMade)
        }
    }

    private func stream(_ keep: @escaping Keep, _ onMade: OnMade) async throws -> Bool {
        let uploads = members.map(\.upload.destination)
        do {
            let results = try await runner.engine(request, input, .streams(uploads), progress.take)
            for upload in uploads {
                do { try await upload.finish() } catch { throw EngineFailure.output(error) }
            }
            for (number, upload) in uploads.enumerated() {
                guard try await publish(number, results[number], upload, keep, onMade) else {
                    await abort(uploads)
                    return false
                }
            }
            return true
        } catch {
            await abort(uploads)
            throw error
        }
    }

    private func abort(_ uploads: [MultipartOutput]) async {
        for upload in uploads { await upload.abort() }
    }

    /// Makes the outputs as files first, and uploads those.
    private func spool(_ keep: @escaping Keep, _ onMade: OnMade) async throws -> Bool {
        let folder = runner.settings.spoolFolder
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let paths = members.map { member in
            let place = member.upload.place
            return "\(folder)/\(place.job.id)-\(place.output.id)-\(place.job.attempt).spool"
        }
        func clear() { for path in paths { try? FileManager.default.removeItem(atPath: path) } }
        defer { clear() }
        clear()
        let results = try await runner.engine(request, input, .files(paths: paths), progress.take)
        let (most, byteCount) = (runner.settings.spoolLimit, results.reduce(0) { $0 + $1.byteCount })
        guard byteCount <= most else {
            throw TranscodingError(
                .inputLimit,
                "\(byteCount) bytes of output were made as files; at most \(most) may be"
            )
        }
        for (number, path) in paths.enumerated() {
            let upload = members[number].upload.destination
            do {
                try await send(path, to: upload)
                guard try await publish(number, results[number], upload, keep, onMade) else { return false }
            } catch {
                await upload.abort()
                throw error
            }
        }
        return true
    }

    private func send(_ path: String, to upload: MultipartOutput) async throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var offset: Int64 = 0
        while let data = try file.read(upToCount: 4 << 20), !data.isEmpty {
            try await upload.write(data, at: offset)
            offset += Int64(data.count)
        }
        try await upload.finish()
    }

    private func publish(
        _ number: Int,
        _ result: TranscodeResult,
        _ upload: MultipartOutput,
        _ keep: @escaping Keep,
        _ onMade: OnMade
    ) async throws -> Bool {
        let (index, member) = members[number]
        let made = try await member.publish(result, upload) { try await keep(index, $0) }
        guard let made else { return false }
        return try await onMade(index, made)
    }

    private var request: EngineRequest {
        var request = members[0].upload.request
        request.outputs = members.flatMap(\.upload.request.outputs)
        return request
    }

    /// Whether each output would fail by itself for the same reason, so that it need not be tried.
    ///
    /// That is so of what the input is to blame for, where all want the same streams of it; but a limit may be
    /// passed by several outputs together alone.
    func isShared(_ error: any Error) -> Bool {
        guard case EngineFailure.transcoding(let error) = error, error.code.rawValue.hasPrefix("input."),
            error.code != .inputLimit
        else { return false }
        let presets = members.flatMap { $0.upload.request.outputs.map(\.preset) }
        return presets.allSatisfy {
            ($0.video == nil) == (presets[0].video == nil) && ($0.audio == nil) == (presets[0].audio == nil)
        }
    }
}
