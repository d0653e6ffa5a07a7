import Foundation
import TestMedia
import Testing

@Suite("Wrong use", .serialized)
struct WrongUseTests {
    private let workspace: Workspace
    private let folder: URL
    private let input: String

    init() throws {
        workspace = try Workspace()
        folder = try workspace.subfolder("here")
        input = try ClipRecipe(width: 64, height: 48).make(workspace.url("clip.mov"))
    }

    /// Runs the program in the folder, with further variables such as `A=1`.
    private func run(_ arguments: [String], with variables: [String] = []) throws -> Tool.Result {
        try Tool("env").run(["-C", folder.path] + variables + [RecastProgram.tool.path] + arguments)
    }

    private func run(_ arguments: String...) throws -> Tool.Result { try run(arguments) }

    @Test(
        "A command or preset that is misspelt is answered with those it may have been",
        arguments: [
            (["transcoed", "x.mp4"], "did you mean transcode?"), (["probes"], "did you mean probe?"),
            (["presets", "wbe"], "did you mean web?"), (["presets", "720p"], "generic-720p"),
            (["xyzzy"], "recast --help"),
        ]
    )
    func suggests(arguments: [String], hint: String) throws {
        let result = try run(arguments)
        #expect(result.status == 2)
        #expect(result.errorText.contains(hint), "\(result.errorText)")
        #expect(result.errorText.split(separator: "\n").count == 1, "\(result.errorText)")
    }

    @Test(
        "A folder of presets that is not there is said, whatever the command",
        arguments: [["presets"], ["transcode", "CLIP", "-o", "x"], ["bench", "CLIP"]]
    )
    func wantsPresets(arguments: [String]) throws {
        let named = arguments.map { $0 == "CLIP" ? input : $0 }
        let result = try run(named, with: ["RECAST_PRESETS=/nowhere"])
        expectRefusal(result, status: 2, folder: folder)
        #expect(result.errorText.contains("/nowhere"), "\(result.errorText)")
    }

    @Test("An output may have a name of one character")
    func takesShortNames() throws {
        let result = try run("transcode", input, "-o", "x")
        #expect(result.status == 0, "\(result.errorText)")
        #expect(contents(of: folder) == ["x"])
    }

    @Test(
        "Arguments that are wrong make one line, which says where to read on",
        arguments: [
            (["transcode"], "recast transcode --help"), (["transcode", "CLIP", "--forc"], "--force"),
            (["transcode", "CLIP", "--threads", "0"], "1 to 256"), (["key", "delete"], "recast key --help"),
            (["transcode", "CLIP", "--start", "abc"], "1:30.5"), (["--nonsense"], "recast --help"),
        ]
    )
    func explainsUsage(arguments: [String], words: String) throws {
        let result = try run(arguments.map { $0 == "CLIP" ? input : $0 })
        expectRefusal(result, status: 2, folder: folder)
        #expect(result.errorText.hasPrefix("recast: "), "\(result.errorText)")
        #expect(result.errorText.contains(words), "\(result.errorText)")
    }

    @Test("An output's name may be as long as the file system allows, in whatever script")
    func takesLongNames() throws {
        let name = String(repeating: "映", count: 83) + ".mp4"
        let result = try run("transcode", input, "-o", name)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(contents(of: folder) == [name])
    }

    @Test("Several outputs do not go into a folder that has a file's name")
    func wantsFolder() throws {
        let several = try run("transcode", input, input, "-o", "one.mp4")
        expectRefusal(several, status: 2, folder: folder)
        #expect(several.errorText.contains("one.mp4"))
        let presets = try run("transcode", input, "--preset", "web", "--preset", "gif", "-o", "one.gif")
        expectRefusal(presets, status: 2, folder: folder)
        expectRefusal(try run("transcode", input, "-o", ""), status: 2, folder: folder)
    }

    @Test("A pipe is neither an input nor an output, whatever is forced")
    func refusesPipes() throws {
        let pipe = folder.appendingPathComponent("pipe").path
        try #require(mkfifo(pipe, 0o600) == 0)
        let output = try run("transcode", input, "-o", "pipe", "--force")
        #expect(output.status == 2)
        #expect(output.errorText.contains("pipe is a device or a pipe"), "\(output.errorText)")
        #expect(try run("transcode", "pipe", "-o", "x.mp4").status == 3)
        #expect(contents(of: folder) == ["pipe"])
        var status = stat()
        #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test(
        "What is wrong with a place or a file is named, with what to do",
        arguments: [
            (["transcode", "CLIP", "-o", "none/x.mp4"], 6, "the folder none does not exist"),
            (["transcode", "."], 3, "is a folder; name the files in it"),
            (["transcode", "https://example.com/x.mp4"], 3, "download"),
            (["transcode", "CLIP", "--preset", "none.json"], 2, "none.json does not exist"),
            (["records"], 3, "there is no data folder ./recast-data"),
            (["user", "list"], 3, "there is no data folder"),
            (["redrive", "--list"], 3, "there is no data folder"),
        ]
    )
    func explains(arguments: [String], status: Int32, words: String) throws {
        let result = try run(arguments.map { $0 == "CLIP" ? input : $0 })
        #expect(result.status == status, "\(result.errorText)")
        #expect(result.errorText.contains(words), "\(result.errorText)")
        #expect(contents(of: folder) == [])
    }

    @Test("A damaged input's message says how to have what is left of it")
    func offersDamaged() throws {
        let result = try run("transcode", Samples.path("damaged.mp4"), "-o", "x.mp4")
        #expect(result.errorText.contains("--allow-damaged"), "\(result.errorText)")
        expectRefusal(result, status: 3, folder: folder)
    }

    @Test("A user or access key that is not there cannot be removed")
    func noticesAbsent() throws {
        let added = try run("key", "add")
        let made = try #require(
            try JSONSerialization.jsonObject(with: added.output) as? [String: String]
        )
        let id = try #require(made["accessKeyId"])
        #expect(try run("key", "list").outputText == "\(id)\n")
        #expect(try run("key", "remove", "AKRCNOSUCHKEYATALL00").status == 3)
        #expect(try run("user", "remove", "nobody").status == 3)
        #expect(try run("key", "remove", id).status == 0)
        #expect(try run("key", "list").outputText == "")
    }
}
