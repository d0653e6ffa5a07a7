import Foundation
import Testing

@testable import Jobs

@Suite("Intake")
struct IntakeRulesTests {
    private let standard = Pipeline(id: "default", name: "Default", inputBucket: "media")

    @Test("A video becomes a job whose output is output/web/ and the input's key")
    func makesJob() throws {
        let event = ObjectEvent(
            bucket: "media",
            key: "testProject/0/e78b.webm",
            byteCount: 7,
            eTag: "abc",
            sequencer: "01"
        )
        let draft = try draft(IntakeRules.decide(event, pipelines: [standard]))
        let job = draft.job(id: "1764000000000-abc123", submitted: Date(timeIntervalSince1970: 0))
        #expect(job.outputs.map(job.objectKey) == ["output/web/testProject/0/e78b.webm"])
        #expect(job.outputs.map(\.presetID) == ["web"])
        #expect(job.outputBucket == "media" && job.origin == .event && job.pipelineID == "default")
        let input = Job.Input(
            bucket: "media",
            key: "testProject/0/e78b.webm",
            eTag: "abc",
            byteCount: 7,
            sequencer: "01"
        )
        #expect(job.input == input)
    }

    @Test("Where input and output bucket are one, the rendition of a rendition is never made")
    func breaksLoopByPrefix() throws {
        var event = ObjectEvent(bucket: "media", key: "clip.mp4", eTag: "1")
        let draft = try draft(IntakeRules.decide(event, pipelines: [standard]))
        event.key = draft.outputKeyPrefix + draft.outputs[0].key
        let ignored = IntakeRules.decide(event, pipelines: [standard])
        #expect(ignored == .ignored(.outputByPrefix(pipelineID: "default")))
    }

    @Test("Another bucket's object under the output prefix is an input like any other")
    func looksAtBucket() throws {
        let pipeline = Pipeline(id: "p", name: "p", inputBucket: "in", outputBucket: "out")
        let event = ObjectEvent(bucket: "in", key: "output/web/a.mp4")
        #expect(try draft(IntakeRules.decide(event, pipelines: [pipeline])).outputBucket == "out")
    }

    @Test("An object that names the job that wrote it is ignored, wherever it is")
    func breaksLoopByMetadata() {
        let event = ObjectEvent(bucket: "media", key: "clip-web.mp4")
        let intake = IntakeRules.decide(event, pipelines: [standard], metadata: ["recast-job": "j1"])
        #expect(intake == .ignored(.outputByMetadata(jobID: "j1")))
    }

    @Test("Where outputs cannot be told by their keys, nothing is decided before the metadata are known")
    func asksForMetadata() {
        let beside = Pipeline(id: "p", name: "p", inputBucket: "media", keyTemplate: "{folder}{stem}-web.mp4")
        let event = ObjectEvent(bucket: "media", key: "a.mp4")
        #expect(IntakeRules.decide(event, pipelines: [beside]) == .needsMetadata)
        #expect((try? draft(IntakeRules.decide(event, pipelines: [beside], metadata: [:]))) != nil)
        let api = Pipeline(id: "api", name: "api", inputBucket: "other", outputBucket: "media", presets: [])
        #expect(IntakeRules.decide(event, pipelines: [standard, api]) == .needsMetadata)
        #expect((try? draft(IntakeRules.decide(event, pipelines: [standard]))) != nil)
    }

    @Test("Two pipelines that write into each other's input buckets make no loop")
    func breaksLoopsOfTwo() throws {
        let there = Pipeline(id: "a", name: "a", inputBucket: "x", outputBucket: "y")
        let back = Pipeline(id: "b", name: "b", inputBucket: "y", outputBucket: "x")
        let first = try draft(
            IntakeRules.decide(ObjectEvent(bucket: "x", key: "c.mp4"), pipelines: [there, back])
        )
        let output = ObjectEvent(bucket: "y", key: first.outputKeyPrefix + first.outputs[0].key)
        #expect(
            IntakeRules.decide(output, pipelines: [there, back])
                == .ignored(.outputByPrefix(pipelineID: "a"))
        )
    }

    @Test("A folder marker, a foreign bucket and an unwanted extension start no job")
    func ignores() {
        var pipeline = standard
        pipeline.inputPrefix = "videos/"
        pipeline.extensions = ["mp4", "MOV"]
        func decide(_ bucket: String, _ key: String, _ size: Int64?) -> Intake {
            IntakeRules.decide(ObjectEvent(bucket: bucket, key: key, byteCount: size), pipelines: [pipeline])
        }
        #expect(decide("media", "videos/", 0) == .ignored(.folderMarker))
        #expect(decide("media", "videos/new/", nil) == .ignored(.folderMarker))
        #expect(decide("other", "videos/a.mp4", 1) == .ignored(.noPipeline))
        #expect(decide("media", "pictures/a.mp4", 1) == .ignored(.noPipeline))
        #expect(decide("media", "videos/a.txt", 1) == .ignored(.fileExtension("txt", pipelineID: "default")))
        #expect(decide("media", "videos/mp4", 1) == .ignored(.fileExtension("", pipelineID: "default")))
        #expect((try? draft(decide("media", "videos/a.MP4", 1))) != nil)
        #expect((try? draft(decide("media", "videos/a.mov", 1))) != nil)
    }

    @Test(
        "The pipeline with the longest prefix takes the object, whatever their order",
        arguments: [("a/b/c.mp4", "deep"), ("a/c.mp4", "mid"), ("c.mp4", "all"), ("a/b", "mid")]
    )
    func prefersLongestPrefix(key: String, id: String) throws {
        let pipelines = [("all", ""), ("deep", "a/b/"), ("mid", "a/")].map {
            Pipeline(id: $0.0, name: $0.0, inputBucket: "media", inputPrefix: $0.1)
        }
        for order in [pipelines, pipelines.reversed()] {
            let intake = IntakeRules.decide(ObjectEvent(bucket: "media", key: key), pipelines: order)
            #expect(try draft(intake).pipelineID == id)
        }
    }

    @Test("At one prefix the pipeline that asks for the extension comes before the one that takes all")
    func prefersExtension() throws {
        let all = Pipeline(id: "a", name: "a", inputBucket: "media")
        let moov = Pipeline(id: "z", name: "z", inputBucket: "media", extensions: ["mov"])
        for (key, id) in [("x.mov", "z"), ("x.mp4", "a")] {
            let event = ObjectEvent(bucket: "media", key: key)
            #expect(try draft(IntakeRules.decide(event, pipelines: [all, moov])).pipelineID == id)
        }
    }

    @Test("A pipeline without presets takes no events, and its outputs have no prefix of their own")
    func leavesAPIPipelinesAlone() throws {
        let api = Pipeline(id: "api", name: "api", inputBucket: "media", presets: [])
        let event = ObjectEvent(bucket: "media", key: "output/web/a.mp4")
        #expect(IntakeRules.decide(event, pipelines: [api]) == .ignored(.noPipeline))
    }

    @Test("Keys that only look alike are different: prefixes are compared by their bytes")
    func comparesBytes() {
        let composed = Pipeline(id: "p", name: "p", inputBucket: "media", inputPrefix: "\u{E9}/")
        let event = ObjectEvent(bucket: "media", key: "e\u{301}/a.mp4")
        #expect(IntakeRules.decide(event, pipelines: [composed]) == .ignored(.noPipeline))
        let accent = ObjectEvent(bucket: "media", key: "output/web/\u{301}a.mp4")
        #expect(
            IntakeRules.decide(accent, pipelines: [standard])
                == .ignored(.outputByPrefix(pipelineID: "default"))
        )
    }

    @Test("An output that would take its input's place, or whose key is too long, is not made")
    func refusesImpossibleOutputs() {
        let same = Pipeline(id: "p", name: "p", inputBucket: "media", keyTemplate: "{folder}{stem}.mp4")
        let event = ObjectEvent(bucket: "media", key: "a/clip.mp4")
        #expect(
            IntakeRules.decide(event, pipelines: [same], metadata: [:])
                == .ignored(.outputReplacesInput(pipelineID: "p"))
        )
        let long = ObjectEvent(bucket: "media", key: String(repeating: "k", count: 1014))
        let ignored = Intake.Ignored.outputKeyTooLong(pipelineID: "default")
        #expect(IntakeRules.decide(long, pipelines: [standard]) == .ignored(ignored))
        #expect(ignored.needsAttention && !Intake.Ignored.folderMarker.needsAttention)
        let fits = ObjectEvent(bucket: "media", key: String(repeating: "k", count: 1013))
        #expect((try? draft(IntakeRules.decide(fits, pipelines: [standard]))) != nil)
    }

    @Test("Several presets make one output each, numbered from 1")
    func makesEveryRendition() throws {
        let pipeline = Pipeline(
            id: "p",
            name: "p",
            inputBucket: "in",
            outputBucket: "out",
            keyTemplate: "done/{preset}/{folder}{stem}.mp4",
            presets: ["web", "1351620000001-100070"]
        )
        let draft = try draft(
            IntakeRules.decide(ObjectEvent(bucket: "in", key: "a/b/c.d.mov"), pipelines: [pipeline])
        )
        #expect(draft.outputKeyPrefix == "done/")
        #expect(draft.outputs.map(\.key) == ["web/a/b/c.d.mp4", "1351620000001-100070/a/b/c.d.mp4"])
        #expect(draft.outputs.map(\.id) == ["1", "2"])
    }

    private func draft(_ intake: Intake) throws -> JobDraft {
        guard case .job(let draft) = intake else { throw Ignored(intake: intake) }
        return draft
    }

    private struct Ignored: Error { let intake: Intake }
}
