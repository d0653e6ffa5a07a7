internal import ArgumentParser
internal import ElasticTranscoder
internal import Foundation

struct SDKModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sdk-model",
        abstract: "Gives boto3 and the AWS CLI their Elastic Transcoder client back.",
        discussion: """
            Writes the files that they load a client from. Where AWS_DATA_PATH names the folder, or the folder \
            is ~/.aws/models, both know the service again; they need the address of yours as endpoint URL.
            """
    )

    @Argument(help: "The folder, made if need be; ~/.aws/models unless it is given.")
    var folder: String?

    func run() throws {
        // HOME, as the clients read it, comes before what the system knows of the user.
        let home = ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory()
        let folder = folder ?? home + "/.aws/models"
        let base = URL(fileURLWithPath: folder, isDirectory: true)
        for (path, data) in SDKModel.files {
            let file = base.appendingPathComponent(path)
            do {
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try data.write(to: file, options: .atomic)
            } catch {
                Console.error("recast: \(file.path) cannot be written [output.unwritable]")
                throw CommandFailure(status: 6)
            }
            Console.print(file.path)
        }
    }
}
