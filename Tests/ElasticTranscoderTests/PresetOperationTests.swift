import Foundation
import Jobs
import TestBackends
import TestServers
import Testing
import Transcoding

@Suite("Presets of the API")
struct PresetOperationTests {
    private let bench = APIBench()

    private func create(_ changes: [String: JSON] = [:]) async throws -> APIBench.Answer {
        let members = APIBench.preset.merging(changes) { $1 }.filter { $0.value != .null }
        return try await bench.send("POST", "presets", .object(members))
    }

    private func changing(_ part: String, _ changes: [String: JSON]) -> [String: JSON] {
        guard case .object(let members) = APIBench.preset[part] else { return [:] }
        return [part: .object(members.merging(changes) { $1 }.filter { $0.value != .null })]
    }

    @Test("A preset that was made is read as it was given, and its jobs run")
    func creates() async throws {
        let answer = try await create(["Description": "for phones"])
        #expect(answer.status == 201, "\(answer.message)")
        #expect(answer.body["Warning"] == "")
        let preset = try #require(answer.body["Preset"])
        let id = try #require(preset["Id"]?.string)
        for (name, value) in APIBench.preset { #expect(preset[name] == value) }
        #expect(preset["Type"] == "Custom" && preset["Description"] == "for phones")
        #expect(preset["Arn"] == .string("arn:aws:elastictranscoder:eu-west-1:123456789012:preset/\(id)"))
        #expect(try await bench.send("GET", "presets/\(id)").body["Preset"] == preset)
        let job = try await bench.job(
            try await bench.pipeline(),
            ["Output": ["Key": "a", "PresetId": .string(id)]]
        )
        #expect(job.status == 201, "\(job.message)")
        let document = try #require(await bench.backend.metadata.document(.preset, id))
        #expect(try Preset(json: document.body, named: id).id == id)
    }

    @Test("More references than the level asks of players are a warning, and the preset is made")
    func warns() async throws {
        let options: JSON = ["Profile": "main", "Level": "3", "MaxReferenceFrames": "16"]
        let answer = try await create(changing("Video", ["CodecOptions": options]))
        #expect(answer.status == 201)
        // 8,100 macroblocks hold nine pictures of 640 × 360.
        #expect(answer.body["Warning"]?.string?.contains("more than 9") == true)
    }

    @Test("Values beyond the limits are refused by the name of their member")
    func refuses() async throws {
        let cases: [([String: JSON], String)] = [
            (changing("Video", ["MaxWidth": "641"]), "video.maxWidth"),
            (changing("Video", ["MaxHeight": "94"]), "video.maxHeight"),
            (changing("Video", ["KeyframesMaxDist": "0"]), "video.keyframesMaxDist"),
            (changing("Video", ["Resolution": "640x360"]), "Resolution and MaxWidth are mutually exclusive"),
            (changing("Video", ["Codec": "vp8"]), "video.codec"),
            (changing("Video", ["Codec": .null]), "video.codec"),
            (changing("Video", ["CodecOptions": ["LoopCount": "1"]]), "video.codecOptions.LoopCount"),
            (
                changing("Video", ["CodecOptions": ["Profile": "baseline", "Level": "9"]]),
                "video.codecOptions.Level"
            ),
            (
                changing("Video", ["Watermarks": [["Id": "a"], ["Id": "a"], ["Opacity": "101"]]]),
                "video.watermarks.3.member.id"
            ),
            (changing("Audio", ["BitRate": "63"]), "audio.bitRate"),
            (changing("Audio", ["Codec": "vorbis"]), "audio.codec"),
            (changing("Audio", ["CodecOptions": ["BitDepth": "16"]]), "audio.codecOptions.bitDepth"),
            (["Thumbnails": ["Interval": "0", "MaxWidth": "30"]], "thumbnails.interval"),
            (["Container": "mp3"], "video.codec"), (["Container": "avi"], "container"),
            (["Video": .null, "Audio": .null], "Video and Audio"),
        ]
        for (changes, text) in cases {
            let answer = try await create(changes)
            #expect(answer.status == 400 && answer.error == "ValidationException")
            #expect(answer.message.contains(text), "\(answer.message) lacks \(text)")
        }
    }

    @Test("What the engine cannot make is refused by the name of its member")
    func refusesInabilities() async throws {
        let cases: [([String: JSON], String)] = [
            (changing("Audio", ["CodecOptions": ["Profile": "HE-AAC"]]), "Audio.CodecOptions.Profile"),
            (changing("Audio", ["CodecOptions": ["Profile": "HE-AACv2"]]), "Audio.CodecOptions.Profile"),
        ]
        for (changes, text) in cases {
            let answer = try await create(changes)
            #expect(answer.status == 400 && answer.message.contains(text), "\(answer.message) lacks \(text)")
        }
        #expect(
            await bench.backend.metadata.documents(.preset, ascending: true, after: nil, limit: 9).items
                .isEmpty
        )
    }

    @Test("The system's presets stay; others go unless jobs wait for them")
    func deletes() async throws {
        let system = try await bench.send("DELETE", "presets/\(APIBench.web)")
        #expect(system.status == 403 && system.error == "AccessDeniedException")
        let id = try #require(try await create().body["Preset"]?["Id"]?.string)
        let job = try await bench.job(
            try await bench.pipeline(),
            ["Output": ["Key": "a", "PresetId": .string(id)]]
        )
        #expect(try await bench.send("DELETE", "presets/\(id)").status == 409)
        _ = try await bench.send("DELETE", "jobs/\(job.body["Job"]?["Id"]?.string ?? "")")
        let answer = try await bench.send("DELETE", "presets/\(id)")
        #expect(answer.status == 202 && answer.body == [:])
        #expect(try await bench.send("GET", "presets/\(id)").status == 404)
        #expect(try await bench.send("DELETE", "presets/\(id)").status == 404)
    }

    @Test("122 presets are three pages, the system's first; newest first is the same turned around")
    func lists() async throws {
        var custom: [String] = []
        for _ in 0..<60 { custom.append(try await create().body["Preset"]?["Id"]?.string ?? "") }
        let (ascending, sizes) = try await list("")
        #expect(sizes == [50, 50, 22])
        let types = ascending.map { $0["Type"] }
        #expect(types == Array(repeating: "System", count: 62) + Array(repeating: "Custom", count: 60))
        let ids = ascending.compactMap { $0["Id"]?.string }
        #expect(
            ids[0] == "1351620000001-000001" && ids[61] == "1351620000001-500060" && ids[62...] == custom[...]
        )
        let (descending, _) = try await list("Ascending=false")
        #expect(descending.compactMap { $0["Id"]?.string } == ids.reversed())
    }

    @Test("No page is empty, however many presets there are", arguments: [0, 38, 39, 50])
    func endsPages(count: Int) async throws {
        for _ in 0..<count { _ = try await create() }
        for order in ["Ascending=true", "Ascending=false"] {
            let (presets, sizes) = try await list(order)
            #expect(presets.count == 62 + count)
            #expect(sizes.allSatisfy { $0 > 0 })
        }
    }

    private func list(_ order: String) async throws -> (presets: [JSON], sizes: [Int]) {
        var presets: [JSON] = []
        var sizes: [Int] = []
        var token: String?
        repeat {
            let place = token.map { "&PageToken=\($0)" } ?? ""
            let answer = try await bench.send("GET", "presets?\(order)\(place)")
            presets += answer.body["Presets"]?.elements ?? []
            sizes.append(answer.body["Presets"]?.elements.count ?? 0)
            token = answer.body["NextPageToken"]?.string
        } while token != nil && sizes.count < 9
        return (presets, sizes)
    }

    @Test(
        "Ids of presets that were replaced still work, unlisted",
        arguments: [("1351620000000-100070", "Web"), ("1351620000000-000060", "Generic 320x240")]
    )
    func knowsReplaced(id: String, name: String) async throws {
        let preset = try await bench.send("GET", "presets/\(id)").body["Preset"]
        #expect(preset?["Id"] == .string(id) && preset?["Name"] == .string("System preset: \(name)"))
        #expect(preset?["Arn"]?.string?.hasSuffix("preset/\(id)") == true)
        #expect(try await bench.send("DELETE", "presets/\(id)").status == 403)
        #expect(try await list("").presets.allSatisfy { $0["Id"] != .string(id) })
        let output: JSON = ["Key": "a", "PresetId": .string(id)]
        let job = try await bench.job(try await bench.pipeline(), ["Output": output])
        guard name == "Web" else { return }
        #expect(job.status == 201 && job.body["Job"]?["Output"]?["PresetId"] == .string(id))
        #expect(try APIBench.presets.preset(id).id == APIBench.web)
    }

    @Test("Every preset that is a file is read under its id")
    func readsSystem() async throws {
        let documents = APIBench.presets.documents().filter { $0.id.hasPrefix("1351620000001-") }
        #expect(documents.count == 62)
        for document in documents {
            let preset = try await bench.send("GET", "presets/\(document.id)").body["Preset"]
            let file = try JSON(text: String(decoding: document.json, as: UTF8.self))
            #expect(
                preset?["Arn"]
                    == .string("arn:aws:elastictranscoder:eu-west-1:123456789012:preset/\(document.id)")
            )
            for name in ["Name", "Container", "Video", "Audio", "Thumbnails", "Type"] {
                #expect(preset?[name] == file[name])
            }
        }
    }
}
