import Foundation
import TestMedia

/// Amazon's own signer, asked through `vectors.py`.
enum Botocore {
    /// One request to be signed.
    struct Case: Codable {
        var kind = "header"
        var accessKeyID = "AKIDEXAMPLE"
        var secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        var sessionToken: String?
        var region = "eu-west-1"
        var service = "s3"
        var method = "GET"
        var host = "videos.s3.eu-west-1.amazonaws.com"
        /// Not encoded.
        var path = "/"
        var query: [[String]] = []
        var headers: [[String]] = []
        var body = ""
        var isUnsigned = false
        var lifetime = 3600
        var policy = ""
    }

    struct Answer: Codable {
        var headers: [String: String]
        var url: String
    }

    /// The moment at which the script's clock stands.
    static let moment = Date(timeIntervalSince1970: 1_769_903_999)

    static func sign(_ cases: [Case]) throws -> [Answer] {
        let workspace = try Workspace()
        let file = workspace.url("cases.json")
        try JSONEncoder().encode(cases).write(to: file)
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = folder.deletingLastPathComponent().deletingLastPathComponent()
        let python = Tool(root.appendingPathComponent(".venv/bin/python3").path)
        let script = folder.appendingPathComponent("vectors.py").path
        return try JSONDecoder().decode([Answer].self, from: python.output([script, file.path]))
    }
}
