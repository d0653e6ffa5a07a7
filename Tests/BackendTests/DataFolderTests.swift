import Foundation
import LocalBackend
import Testing

@Suite("The data folder")
struct DataFolderTests {
    @Test("Uploads are staged beside the buckets, on one file system")
    func staysTogether() {
        let folder = DataFolder(URL(fileURLWithPath: "/data"))
        #expect(folder.uploads.deletingLastPathComponent() == folder.buckets.deletingLastPathComponent())
    }
}
