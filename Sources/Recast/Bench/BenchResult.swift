internal import FFmpeg
internal import Foundation

/// What one clip's runs came to.
struct BenchResult: Sendable, Codable {
    /// One program's output and cost.
    struct Side: Sendable, Codable {
        /// Medians.
        let cpuSeconds: Double
        let wallSeconds: Double
        /// The most of all runs.
        let peakBytes: Int64
        let bitsPerSecond: Double
        /// Over all planes and pictures.
        let ssim: Double
        let psnrY: Double
        /// `nil` unless a program that can score was named.
        let vmaf: VMAF?

        var coresUsed: Double { cpuSeconds / max(wallSeconds, 0.001) }
    }

    /// Medians of the ratios of runs that followed each other, ours to the peer's.
    struct Peer: Sendable, Codable {
        let name: String
        let settings: String
        let side: Side
        let cpuRatio: Double
        let wallRatio: Double
        let peakRatio: Double
    }

    let clip: String
    let seconds: Double
    let runs: Int
    let recast: Side
    let peers: [Peer]

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// The results as text: lines for a terminal, a section for a document.
enum BenchReport {
    static func lines(_ result: BenchResult) -> [String] {
        let own = result.recast
        var lines = [
            String(
                format:
                    "%@: CPU %.2f s, wall %.2f s, %.2f cores, %.1fx real time, peak %d MiB, %.0f kbit/s, %@",
                (result.clip as NSString).lastPathComponent,
                own.cpuSeconds,
                own.wallSeconds,
                own.coresUsed,
                result.seconds / max(own.wallSeconds, 0.001),
                own.peakBytes >> 20,
                own.bitsPerSecond / 1000,
                quality(own)
            )
        ]
        for peer in result.peers {
            lines.append(
                String(
                    format: "  to %@ (%@): CPU %.3f, wall %.3f, peak %.3f, %.0f kbit/s, %@",
                    peer.name,
                    peer.settings,
                    peer.cpuRatio,
                    peer.wallRatio,
                    peer.peakRatio,
                    peer.side.bitsPerSecond / 1000,
                    difference(own, peer.side)
                )
            )
        }
        return lines
    }

    private static func quality(_ side: BenchResult.Side) -> String {
        let text = String(format: "SSIM %.4f, PSNR %.2f dB", side.ssim, side.psnrY)
        guard let vmaf = side.vmaf else { return text }
        return text + String(format: ", VMAF %.2f (NEG %.2f, p5 %.2f)", vmaf.mean, vmaf.neg, vmaf.low)
    }

    private static func difference(_ own: BenchResult.Side, _ peer: BenchResult.Side) -> String {
        let text = String(
            format: "SSIM %+.4f, PSNR %+.2f dB",
            own.ssim - peer.ssim,
            own.psnrY - peer.psnrY
        )
        guard let vmaf = gain(own, peer) else { return text }
        return text + String(format: ", VMAF %+.2f (NEG %+.2f, p5 %+.2f)", vmaf.mean, vmaf.neg, vmaf.low)
    }

    /// Our VMAF less the peer's, where both were scored.
    private static func gain(_ own: BenchResult.Side, _ peer: BenchResult.Side) -> VMAF? {
        guard let mine = own.vmaf, let theirs = peer.vmaf else { return nil }
        return VMAF(mean: mine.mean - theirs.mean, neg: mine.neg - theirs.neg, low: mine.low - theirs.low)
    }

    /// A section of Markdown: the machine, the versions, the day, and a table with a row for each pair.
    static func markdown(_ results: [BenchResult], machine: String, command: String) -> String {
        var lines = ["    \(command)", "", machine, ""]
        lines.append(
            "| clip | kbit/s | CPU s | cores | MB | SSIM | VMAF, NEG, p5 | against | CPU | wall | peak |"
        )
        lines[lines.count - 1] += " kbit/s | SSIM | VMAF, NEG, p5 |"
        lines.append("|---|---:|---:|---:|---:|---:|---|---|---:|---:|---:|---:|---:|---|")
        for result in results {
            let own = result.recast
            let left = String(
                format: "| %@ | %.0f | %.2f | %.2f | %d | %.4f | %@ |",
                (result.clip as NSString).lastPathComponent,
                own.bitsPerSecond / 1000,
                own.cpuSeconds,
                own.coresUsed,
                own.peakBytes / 1_000_000,
                own.ssim,
                own.vmaf.map { String(format: "%.2f, %.2f, %.2f", $0.mean, $0.neg, $0.low) } ?? ""
            )
            if result.peers.isEmpty { lines.append(left + " | | | | | | |") }
            for peer in result.peers { lines.append(left + right(own, peer)) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func right(_ own: BenchResult.Side, _ peer: BenchResult.Peer) -> String {
        let vmaf = gain(own, peer.side)
        return String(
            format: " %@, %@ | %.3f | %.3f | %.2f | %.0f | %+.4f | %@ |",
            peer.name,
            peer.settings,
            peer.cpuRatio,
            peer.wallRatio,
            peer.peakRatio,
            peer.side.bitsPerSecond / 1000,
            own.ssim - peer.side.ssim,
            vmaf.map { String(format: "%+.2f, %+.2f, %+.2f", $0.mean, $0.neg, $0.low) } ?? ""
        )
    }
}
