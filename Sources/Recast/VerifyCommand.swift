internal import ArgumentParser
internal import FFmpeg
internal import Foundation
internal import Transcoding

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Decodes all of a file and says whether it is whole, alone or against its original.",
        discussion: "With --reproduce, makes the file again from its original and compares the bytes."
    )

    @Argument(help: "The file.")
    var file: String

    @Option(help: "The file that it was made from.")
    var against: String?

    @Option(help: "The recipe, or what `transcode --json` printed, by which it was made; needs --against.")
    var reproduce: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if reproduce != nil, against == nil { throw ValidationError("--reproduce needs --against ORIGINAL") }
    }

    func run() async throws {
        let limits = try CommandSettings.limits()
        do throws(TranscodingError) {
            if let reproduce, let against {
                try await repeatTranscode(reproduce, against, limits)
            } else if let against {
                try verify(against, limits)
            } else {
                try verify(limits)
            }
        } catch {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        }
    }

    private func repeatTranscode(
        _ recipe: String,
        _ original: String,
        _ limits: IngestLimits
    ) async throws(TranscodingError) {
        let recipe = try Recipe.read(recipe)
        let found = try await Reproduction.run(recipe, input: original, rendition: file, limits: limits)
        if json {
            var fields: [String: any Sendable] = [
                "path": file, "outcome": found.outcome.rawValue, "notes": found.notes,
                "repeatable": recipe.isRepeatable,
            ]
            fields["sha256"] = found.sha256
            fields["pictures"] = found.pictures.map(Description.fields)
            Console.event(fields)
        } else {
            switch found.outcome {
            case .sameBytes: Console.print("\(file): the same bytes again")
            case .equivalent:
                Console.print("\(file): as near as its encoder repeats, with other bytes")
            case .different: Console.print("\(file): not what its recipe makes")
            }
            for note in found.notes { Console.print("  \(note)") }
            for line in found.pictures.map(Description.lines) ?? [] { Console.print("  \(line)") }
        }
        guard found.outcome != .different else {
            throw TranscodingError(.outputRejected, "\(file) is not what its recipe makes")
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
