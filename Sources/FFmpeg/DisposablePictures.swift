internal import CFFmpeg

/// Tells pictures of H.264 from which no other is predicted, so that a decoder can do without them.
public struct DisposablePictures: Sendable {
    private let units: NALUnits

    /// `nil` for other codecs.
    public init?(_ track: Muxer.Track) {
        guard let units = NALUnits(track.parameters.pointer.pointee), !units.isHEVC else { return nil }
        self.units = units
    }

    /// Whether a packet holds slices, all of which say so (ITU-T H.264 §7.4.1: `nal_ref_idc` is 0).
    public func contains(_ packet: Packet) -> Bool {
        guard let data = packet.pointer.pointee.data else { return false }
        let bytes = UnsafeBufferPointer(start: data, count: max(0, packet.byteCount))
        var sliceCount = 0
        var isNeeded = false
        units.forEach(in: bytes) { range in
            guard let first = range.first, 1...5 ~= bytes[first] & 31 else { return }
            sliceCount += 1
            if bytes[first] >> 5 & 3 != 0 { isNeeded = true }
        }
        return sliceCount > 0 && !isNeeded
    }
}
