internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Decodes all of a file and says whether it is whole, alone or against its original."
    )

    @Argument(help: "The file.")
    var file: String

    @Option(help: "The file that it was made from.")
    var against: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let limits = try CommandLimits.read()
        do throws(TranscodingError) {
            if let against {
                try verify(against, limits)
            } else {
                try verify(limits)
            }
        } catch {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        }
    }

    private func verify(_ limits: IngestLimits) throws(TranscodingError) {
        let found = try MediaExamination.run(path: file, limits: limits)
        if json {
            var fields = Description.fields(found)
            fields["path"] = file
            Console.event(fields)
        } else {
            Console.print("\(file):")
            for line in Description.lines(found) { Console.print("  \(line)") }
        }
        guard found.isWhole else { throw TranscodingError(.inputDamaged, "\(file) is damaged") }
    }

    private func verify(_ original: String, _ limits: IngestLimits) throws(TranscodingError) {
        let found = try RenditionCheck.run(rendition: file, original: original, limits: limits)
        if json {
            var fields = Description.fields(found.rendition)
            fields["path"] = file
            fields["original"] = Description.fields(found.original)
            fields["pictures"] = found.pictures.map(Description.fields)
            fields["problems"] = found.problems
            Console.event(fields)
        } else {
            for (name, examination) in [(file, found.rendition), (original, found.original)] {
                Console.print("\(name):")
                for line in Description.lines(examination) { Console.print("  \(line)") }
            }
            for line in found.pictures.map(Description.lines) ?? [] { Console.print(line) }
        }
        guard found.problems.isEmpty else {
            throw TranscodingError(.outputRejected, found.problems.joined(separator: "; "))
        }
    }
}
