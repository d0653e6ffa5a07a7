import Foundation
import TestMedia
import Testing

@Suite("The documents")
struct DocumentTests {
    /// All of them, with their paths in the package.
    private static let files: [String] = {
        let root = Samples.packageRoot
        let docs = try? FileManager.default.contentsOfDirectory(
            atPath: root.appendingPathComponent("docs").path
        )
        return ["README.md", "CONTRIBUTING.md", "presets/README.md"]
            + (docs ?? []).filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }()

    private static func lines(_ file: String) throws -> [Substring] {
        let url = Samples.packageRoot.appendingPathComponent(file)
        return try String(contentsOf: url, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
    }

    @Test("Their links lead to files and headings that are there", arguments: files)
    func links(file: String) throws {
        let folder = Samples.packageRoot.appendingPathComponent(file).deletingLastPathComponent()
        for match in try Self.lines(file).joined(separator: "\n").matches(
            of: #/\]\(([^)#:\s]*)(?:#([^)]*))?\)/#
        ) {
            let target =
                match.1.isEmpty
                ? Samples.packageRoot.appendingPathComponent(file).path
                : folder.appendingPathComponent(String(match.1)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(match.0)")
            guard let anchor = match.2 else { continue }
            let text = try String(contentsOfFile: target, encoding: .utf8)
            let headings = text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" }.lowercased().filter {
                    $0.isLetter || $0.isNumber || $0 == " " || $0 == "-"
                }
                .trimmingCharacters(in: .whitespaces).replacing(" ", with: "-")
            }
            #expect(headings.contains(String(anchor)), "\(match.0)")
        }
    }

    @Test("Their tables have a head, and as many cells in each row", arguments: files)
    func tables(file: String) throws {
        var columns: Int?
        var isBelowHead = false
        var isCode = false
        for line in try Self.lines(file) {
            if line.hasPrefix("```") { isCode.toggle() }
            guard line.hasPrefix("|"), !isCode else {
                #expect(columns == nil || isBelowHead, "a row without a head, before: \(line)")
                columns = nil
                isBelowHead = false
                continue
            }
            // A bar within a cell is written `\|`.
            let cells =
                line.replacing("\\|", with: "").split(separator: "|", omittingEmptySubsequences: false).count
                - 2
            if let columns {
                #expect(cells == columns, "\(line)")
                let isRule = line.allSatisfy { "|-: ".contains($0) }
                #expect(isBelowHead || isRule, "\(line)")
                isBelowHead = true
            } else {
                columns = cells
            }
        }
    }
}
