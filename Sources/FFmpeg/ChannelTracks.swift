internal import CFFmpeg

/// Gives each channel of PCM sound a track of its own.
public struct ChannelTracks: Sendable {
    /// What each of the tracks is.
    public let track: Muxer.Track
    /// Channels of the sound.
    public let channelCount: Int
    private let sampleByteCount: Int

    /// - Throws: when memory runs out, or the sound is no PCM.
    public init(of track: Muxer.Track) throws(FFmpegError) {
        let parameters = try CodecParameters(copying: track.parameters.pointer)
        let value = parameters.pointer
        channelCount = Int(value.pointee.ch_layout.nb_channels)
        sampleByteCount = Int(av_get_bits_per_sample(value.pointee.codec_id)) / 8
        guard channelCount > 0, sampleByteCount > 0 else {
            throw FFmpegError(status: recast_error_argument, action: "separate the channels")
        }
        av_channel_layout_uninit(&value.pointee.ch_layout)
        av_channel_layout_default(&value.pointee.ch_layout, 1)
        value.pointee.block_align = Int32(sampleByteCount)
        value.pointee.bit_rate /= Int64(channelCount)
        self.track = Muxer.Track(parameters: parameters, timebase: track.timebase)
    }

    /// The packets for `count` tracks, silent ones where there are more tracks than channels.
    public func packets(_ packet: Packet, count: Int) throws(FFmpegError) -> [Packet] {
        let samples = packet.byteCount / (sampleByteCount * channelCount)
        var packets: [Packet] = []
        for channel in 0..<count {
            let single = try Packet()
            try check(
                av_new_packet(single.pointer, Int32(samples * sampleByteCount)),
                "separate the channels"
            )
            try check(av_packet_copy_props(single.pointer, packet.pointer), "separate the channels")
            packets.append(single)
            guard let target = single.pointer.pointee.data, let source = packet.pointer.pointee.data else {
                continue
            }
            guard channel < channelCount else {
                target.update(repeating: 0, count: samples * sampleByteCount)
                continue
            }
            for sample in 0..<samples {
                let from = source + (sample * channelCount + channel) * sampleByteCount
                (target + sample * sampleByteCount).update(from: from, count: sampleByteCount)
            }
        }
        return packets
    }
}
