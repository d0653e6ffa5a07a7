internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures how near a rendition's pictures are to their original's."
    )

    @Argument(help: "The original.")
    var original: String

    @Argument(help: "The rendition.")
    var rendition: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let limits = try CommandSettings.limits()
        do throws(TranscodingError) {
            let comparison = try PictureComparison.run(
                output: rendition,
                original: original,
                limits: limits
            )
            if json {
                var fields = Description.fields(comparison)
                fields["original"] = original
                fields["rendition"] = rendition
                Console.event(fields)
                return
            }
            for line in Description.lines(comparison) { Console.print(line) }
            if !ComparisonGraph.hasVMAF { Console.print("VMAF not measured: this libavfilter is without it") }
        } catch {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        }
    }
}
