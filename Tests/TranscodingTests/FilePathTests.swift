import Testing

@testable import Transcoding

@Suite("A path's folder and name")
struct FilePathTests {
    @Test(
        "They are what is before and after the last slash",
        arguments: [
            ("x", ".", "x"), ("-", ".", "-"), ("a.mp4", ".", "a.mp4"), ("/x", "/", "x"), ("a/b", "a", "b"),
            ("./x", ".", "x"), ("/a/b/c.mp4", "/a/b", "c.mp4"), ("a/", "a", ""), ("", ".", ""),
            ("é", ".", "é"),
            ("d/é\u{301}", "d", "é\u{301}"), ("a/\u{301}b", "a", "\u{301}b"),
        ]
    )
    func splits(path: String, folder: String, name: String) {
        let parts = FilePath(path)
        #expect(parts.folder == folder)
        #expect(parts.name == name)
    }

    @Test(
        "A name's beginning is cut at a character and counted in bytes",
        arguments: [("abc", 2, "ab"), ("abc", 3, "abc"), ("é🎬x", 2, "é"), ("é🎬x", 5, "é"), ("🎬", 3, "")]
    )
    func begins(name: String, byteCount: Int, beginning: String) {
        #expect(FilePath("folder/" + name).beginning(byteCount) == beginning)
    }
}
