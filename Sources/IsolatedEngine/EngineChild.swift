internal import FFmpeg
internal import Foundation
internal import Transcoding

/// The engine's process, seen from inside.
package enum EngineChild {
    /// Takes one request from the socket at standard input, carries it out, and ends the process.
    ///
    /// It has to be the first thing a program does, on its main thread.
    ///
    /// - Returns: only when standard input is no such socket.
    package static func run() {
        var status = stat()
        guard fstat(0, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        Allocator.keepSmall()
        do {
            _ = try Confinement.enter()
        } catch {
            ParentChannel().send(.failed, EngineComplaint(TranscodingError(.engine, error.message)))
            exit(1)
        }
        serve(ParentChannel())
    }

    private static func serve(_ channel: ParentChannel) -> Never {
        guard let order = order(from: channel) else { exit(1) }
        do {
            let limits = order.request.limits
            try Confinement.limit(
                residentBytes: limits.maxResidentBytes,
                fileBytes: order.usesFiles ? order.maxOutputBytes.max() ?? 0 : 0
            )
        } catch {
            channel.send(.failed, EngineComplaint(TranscodingError(.engine, error.message)))
            exit(1)
        }
        let result = Transcoder().transcodeBlocking(request(order, channel)) { progress in
            Allocator.forgetStart(progress)
            channel.send(.progress, progress)
        }
        switch result {
        case .success(let results): exit(channel.send(.finished, results) ? 0 : 1)
        case .failure(let error): exit(channel.send(.failed, EngineComplaint(error)) ? 0 : 1)
        }
    }

    private static func order(from channel: ParentChannel) -> EngineOrder? {
        var bytes = [UInt8](repeating: 0, count: FrameHead.maxCount)
        let message = bytes.withUnsafeMutableBytes { channel.receive(into: $0) }
        guard let message, message.kind == .request else { return nil }
        let order = try? JSONDecoder().decode(EngineOrder.self, from: Data(bytes[..<message.count]))
        return order.flatMap { $0.request.outputs.isEmpty ? nil : $0 }
    }

    private static func request(_ order: EngineOrder, _ channel: ParentChannel) -> TranscodeRequest {
        let reader = ChannelReader(channel, byteCount: order.inputByteCount)
        let clip = InputClip(
            .reader(reader, name: order.request.inputName),
            start: order.request.start ?? 0,
            duration: order.request.duration
        )
        let renditions = order.request.outputs.enumerated().map { number, output in
            TranscodeRequest.Rendition(
                preset: output.preset,
                output: order.usesFiles
                    ? .unnamedFile(FileWriter(owning: Int32(3 + number)), name: output.name)
                    : .writer(ChannelWriter(channel, number), name: output.name)
            )
        }
        var request = TranscodeRequest(clips: [clip], renditions: renditions)
        request.limits = order.request.limits
        request.threads = order.request.threads
        return request
    }
}
