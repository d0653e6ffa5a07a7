/// How many bytes a file ought to have, by what its container writes at its start, as a pure rule.
///
/// Other containers' demuxers notice by themselves where a file ends too early, or promise nothing.
enum BytePromise {
    /// Bytes that `byteCount` lacks; `head` is the file's beginning, of 12 bytes or more.
    static func missing(head: [UInt8], byteCount: Int64, container: String) -> Int64 {
        switch container {
        case "avi", "wav":
            guard head.count >= 12, head.starts(with: "RIFF".utf8) else { return 0 }
            let stated = head[4..<8].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
            // Who writes to a pipe cannot say, and writes nothing or the greatest number.
            guard stated > 4, stated < 0xffff_0000 else { return 0 }
            return max(0, stated + 8 - byteCount)
        case "mpegts":
            guard let length = packetLength(head) else { return 0 }
            let rest = byteCount % Int64(length)
            return rest == 0 ? 0 : Int64(length) - rest
        default: return 0
        }
    }

    /// 188 bytes begin with 0x47 (ISO/IEC 13818-1 §2.4.3); Blu-ray puts 4 before and DVB 16 behind them.
    private static func packetLength(_ head: [UInt8]) -> Int? {
        for (length, offset) in [(188, 0), (192, 4), (204, 0)] {
            let starts = stride(from: offset, to: head.count, by: length).map { head[$0] }
            if starts.count >= 3, starts.allSatisfy({ $0 == 0x47 }) { return length }
        }
        return nil
    }
}
