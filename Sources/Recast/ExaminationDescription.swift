internal import FFmpeg
internal import Foundation
internal import Transcoding

extension Description {
    /// What was found by decoding a whole file, a line for each stream and one for the verdict.
    static func lines(_ found: MediaExamination) -> [String] {
        var lines = found.streams.map(Description.line)
        if let offset = found.soundOffset {
            lines.append(String(format: "sound begins %+.0f ms from the pictures", offset * 1000))
        }
        if found.containerErrors > 0 { lines.append("\(found.containerErrors) errors in the container") }
        if let failure = found.readFailure { lines.append("reading broke off: \(failure)") }
        let stated = found.statedDuration.map { String(format: "%.2f s", $0) } ?? "no duration"
        lines.append(
            String(format: "%.2f s decoded, the container states %@: ", found.duration, stated)
                + (found.isWhole ? "whole" : "damaged")
        )
        return lines
    }

    private static func line(_ stream: MediaExamination.StreamFinding) -> String {
        let what = stream.kind == "video" ? "pictures" : "blocks of sound"
        var line = "stream \(stream.index): \(stream.frameCount) \(what) in \(stream.packetCount) packets"
        if let size = stream.size { line += ", \(size)" }
        if stream.sampleRate > 0 { line += ", \(stream.sampleCount) samples at \(stream.sampleRate) Hz" }
        if let first = stream.firstSeconds, let end = stream.endSeconds {
            line += String(format: ", from %.3f to %.3f s", first, end)
        }
        let problems = [
            (stream.errorCount, "errors"), (stream.lostCount, "lost"), (stream.flaggedCount, "flagged"),
            (stream.backwardCount, "times out of order"), (stream.sizeChangeCount, "changes of size"),
        ]
        let words = problems.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return line + (words.isEmpty ? ", no error" : ", " + words.joined(separator: ", "))
    }

    static func fields(_ found: MediaExamination) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "container": found.container, "bytes": found.byteCount, "duration": found.duration,
            "containerErrors": found.containerErrors, "whole": found.isWhole,
            "streams": found.streams.map(Description.fields),
        ]
        fields["statedDuration"] = found.statedDuration
        fields["soundOffset"] = found.soundOffset
        fields["readFailure"] = found.readFailure
        return fields
    }

    private static func fields(_ stream: MediaExamination.StreamFinding) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "index": stream.index, "kind": stream.kind, "codec": stream.codec, "packets": stream.packetCount,
            "bytes": stream.byteCount, "keyframes": stream.keyframeCount, "frames": stream.frameCount,
            "errors": stream.errorCount, "lost": stream.lostCount, "flagged": stream.flaggedCount,
            "outOfOrder": stream.backwardCount, "longestGap": stream.longestGap,
        ]
        if let size = stream.size {
            fields["width"] = size.width
            fields["height"] = size.height
            fields["sizeChanges"] = stream.sizeChangeCount
        }
        if stream.sampleRate > 0 {
            fields["samples"] = stream.sampleCount
            fields["sampleRate"] = stream.sampleRate
            fields["channels"] = stream.channelCount
        }
        fields["first"] = stream.firstSeconds
        fields["end"] = stream.endSeconds
        return fields
    }

    /// How near pictures are to their original.
    static func lines(_ comparison: PictureComparison) -> [String] {
        func plane(_ name: String, _ ssim: Double, _ psnr: Double) -> String {
            psnr.isFinite
                ? String(format: "%@  SSIM %.4f  PSNR %.2f dB", name, ssim, psnr)
                : String(format: "%@  SSIM %.4f  the same", name, ssim)
        }
        return [
            String(
                format: "%d pictures of %@: SSIM %.4f, at worst %.4f at %.2f s",
                comparison.frameCount,
                "\(comparison.size)",
                comparison.ssim,
                comparison.worstSSIM,
                comparison.worstSeconds
            ),
            plane("Y", comparison.ssimY, comparison.psnrY),
            plane("U", comparison.ssimU, comparison.psnrU),
            plane("V", comparison.ssimV, comparison.psnrV),
        ]
    }

    static func fields(_ comparison: PictureComparison) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "frames": comparison.frameCount, "width": comparison.size.width,
            "height": comparison.size.height, "ssim": comparison.ssim, "ssimY": comparison.ssimY,
            "ssimU": comparison.ssimU, "ssimV": comparison.ssimV, "worstSSIM": comparison.worstSSIM,
            "worstSeconds": comparison.worstSeconds,
        ]
        // JSON has no infinity: what is missing is the same in both.
        let errors = [
            ("psnrY", comparison.psnrY), ("psnrU", comparison.psnrU), ("psnrV", comparison.psnrV),
        ]
        for (name, value) in errors where value.isFinite { fields[name] = value }
        return fields
    }
}
