import FFmpeg

/// Opens, probes and decodes what libFuzzer comes up with, as a transcode would.
///
/// `make fuzz` builds it together with the target `FFmpeg`.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bytes, count > 0 else { return 0 }
    _ = isSilent
    try? decode(MemoryReader(bytes: UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

private let isSilent: Bool = {
    LogCapture.silence()
    return true
}()

private func decode(_ reader: MemoryReader) throws {
    var limits = IngestLimits()
    limits.maxWidth = 1024
    limits.maxHeight = 1024
    limits.maxPixels = 1024 * 1024
    limits.openSeconds = 5
    let body = InputBody(reader)
    var demuxer = try Demuxer.open(body, limits: limits)
    var slots: [Int: DecoderSlot] = [:]
    for stream in demuxer.streams.prefix(4) where stream.kind == .video || stream.kind == .audio {
        // What is computed of a stream's numbers may not trap.
        let start = Timestamp(ticks: stream.startPTS ?? 0, timebase: stream.timebase)
        guard start.converted(to: Timebase(1, 1000)).seconds.isFinite else { continue }
        if let decoder = try? Decoder.open(stream, limits: limits, threads: 1) {
            slots[stream.index] = DecoderSlot(decoder, NALCheck(stream))
        }
    }
    for _ in 0..<200 {
        guard let packet = try demuxer.read() else { break }
        try slots[packet.streamIndex]?.decode(packet)
    }
    for slot in slots.values { try slot.finish() }
}

/// A place for a noncopyable decoder in a dictionary.
private final class DecoderSlot {
    private var decoder: Decoder?
    private let units: NALCheck?

    init(_ decoder: consuming Decoder, _ units: NALCheck?) {
        self.decoder = consume decoder
        self.units = units
    }

    func decode(_ packet: Packet) throws {
        _ = units?.isLegal(packet)
        for frame in try decoder?.decode(packet) ?? [] { _ = frame.size.pixelCount + frame.sampleCount }
    }

    func finish() throws {
        if let decoder = decoder.take() { _ = try decoder.finish() }
    }
}

/// The bytes of one run.
// Safe: libFuzzer runs one input at a time and keeps the bytes until it is done.
private struct MemoryReader: ByteReader, @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>
    var byteCount: Int64 { Int64(bytes.count) }
    var isRemote: Bool { false }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(FFmpegError) -> Int {
        guard offset >= 0, offset < byteCount else { return 0 }
        let count = min(buffer.count, bytes.count - Int(offset))
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(bytes)[Int(offset)..<Int(offset) + count]
            )
        )
        return count
    }

    func interrupt() {}
}
