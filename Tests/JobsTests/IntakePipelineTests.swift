import Foundation
import Testing

@testable import Jobs

@Suite("Pipelines")
struct IntakePipelineTests {
    private let standard = Pipeline(id: "default", name: "Default", inputBucket: "media")

    @Test("The standard pipeline has no problems, even where nobody reads metadata")
    func acceptsStandard() {
        #expect(standard.problems(readsMetadata: false) == [])
    }

    @Test(
        "A template that cannot work is refused",
        arguments: [
            ("output/{ky}", "{ky}"), ("output/{key", "without a }"), ("output/key}", "without a {"),
            ("output/all.mp4", "one key"), ("{key}", "replace every input"),
            ("{folder}{name}", "replace every input"),
            ("{stem}-web.mp4", "for ever"), ("{preset}/{key}", "for ever"), ("in/{key}", "count as outputs"),
            ("in/new/{key}", nil), ("output/{stem}.mp4", nil),
        ]
    )
    func checksTemplate(template: String, reason: String?) {
        var pipeline = standard
        pipeline.inputPrefix = "in/"
        pipeline.keyTemplate = template
        let problems = pipeline.problems(readsMetadata: false)
        #expect(problems.map(\.member) == (reason == nil ? [] : ["keyTemplate"]))
        #expect(problems.first?.reason.contains(reason ?? "") != false, "\(problems)")
    }

    @Test("Without a text at its beginning a template works where metadata are read, or in another bucket")
    func allowsPrefixless() {
        var pipeline = standard
        pipeline.keyTemplate = "{folder}{stem}-web.mp4"
        #expect(pipeline.problems(readsMetadata: true) == [])
        #expect(pipeline.problems(readsMetadata: false).count == 1)
        pipeline.outputBucket = "renditions"
        #expect(pipeline.problems(readsMetadata: false) == [])
    }

    @Test("Several presets need {preset} in the template")
    func needsPreset() {
        var pipeline = standard
        pipeline.presets = ["web", "small"]
        #expect(pipeline.problems(readsMetadata: true).map(\.member) == ["keyTemplate"])
        pipeline.keyTemplate = "output/{preset}/{key}"
        #expect(pipeline.problems(readsMetadata: true) == [])
    }

    @Test("All problems are named at once")
    func namesAll() {
        let pipeline = Pipeline(
            id: "",
            name: "",
            inputBucket: "",
            outputBucket: "",
            keyTemplate: "x",
            presets: ["../web", "web", "web"],
            extensions: [".mp4"]
        )
        let members = Set(pipeline.problems(readsMetadata: true).map(\.member))
        #expect(members == ["id", "inputBucket", "outputBucket", "presets", "extensions", "keyTemplate"])
    }

    @Test("Two pipelines must not read the same files, nor one where the other writes, nor share an id")
    func findsConflicts() {
        func conflicts(_ change: (inout Pipeline) -> Void) -> [String] {
            var other = standard
            other.id = "other"
            change(&other)
            return Pipeline.conflicts(among: [standard, other]).map(\.problem.member)
        }
        #expect(conflicts { _ in } == ["inputPrefix"])
        #expect(conflicts { $0.id = "default" } == ["id"])
        #expect(conflicts { $0.inputPrefix = "output/web/raw/" } == ["inputPrefix"])
        #expect(conflicts { $0.inputPrefix = "raw/" } == [])
        #expect(conflicts { $0.extensions = ["mov"] } == [])
        #expect(conflicts { $0.inputBucket = "elsewhere" } == [])
        #expect(conflicts { $0.presets = [] } == [])
    }

    @Test(
        "Placeholders are filled from the input's key",
        arguments: [
            ("{key}", "a/b/clip.x.mov"), ("{folder}|{name}|{stem}|{extension}", "a/b/|clip.x.mov|clip.x|mov"),
            ("{bucket}/{preset}/{stem}.mp4", "media/web/clip.x.mp4"), ("plain", "plain"), ("", ""),
        ]
    )
    func fills(template: String, key: String) throws {
        #expect(try KeyTemplate(template).key(for: "a/b/clip.x.mov", in: "media", preset: "web") == key)
    }

    @Test(
        "A key has a folder, a name, a stem and an extension, any of which may be empty",
        arguments: [
            ("clip", ["", "clip", "clip", ""]), (".hidden", ["", ".hidden", ".hidden", ""]),
            ("a/", ["a/", "", "", ""]), ("a//b.", ["a//", "b.", "b", ""]),
            ("a/\u{301}b.mp4", ["a/", "\u{301}b.mp4", "\u{301}b", "mp4"]), ("a.b/c", ["a.b/", "c", "c", ""]),
        ]
    )
    func splits(key: String, pieces: [String]) {
        let found = KeyPieces(key)
        #expect([found.folder, found.name, found.stem, found.fileExtension] == pieces)
    }

    @Test("A stored pipeline keeps everything; members it never had get their defaults, others are ignored")
    func isStored() throws {
        var pipeline = standard
        pipeline.topics.error = "arn:aws:sns:eu-west-1:1:errors"
        pipeline.isPaused = true
        pipeline.role = "arn:aws:iam::1:role/r"
        pipeline.keyARN = "arn:aws:kms:eu-west-1:1:key/k"
        let readers = Pipeline.Permission(granteeType: "Group", grantee: "AllUsers", access: ["Read"])
        pipeline.content = Pipeline.Destination(
            bucket: "out",
            storageClass: "Standard",
            permissions: [readers]
        )
        pipeline.thumbnails = Pipeline.Destination(bucket: "pictures")
        #expect(pipeline.effectiveOutputBucket == "out")
        let stored = try JSONDecoder().decode(Pipeline.self, from: JSONEncoder().encode(pipeline))
        #expect(stored == pipeline)
        let older = Data(#"{"id":"default","name":"Default","inputBucket":"media","colour":"red"}"#.utf8)
        #expect(try JSONDecoder().decode(Pipeline.self, from: older) == standard)
    }
}
