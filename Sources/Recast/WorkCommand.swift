internal import ArgumentParser
internal import Foundation
internal import Jobs
internal import LocalBackend
internal import Logging
internal import ServiceLifecycle
internal import Transcoding
internal import UnixSignals

struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Transcodes what arrives in a bucket, until it is told to stop.",
        discussion: """
            Ctrl-C or SIGTERM stops it gracefully: no new job is taken, and those not done within the grace \
            period are put back. With --event it handles one event and ends with 0 (done, or nothing to do), \
            3 (will never work) or 6 (may work later). Given once more, an event whose job was given up after \
            failures that may pass is tried again.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Handle the one event in this file, - for standard input, and end.")
    var event: String?

    @Flag(help: "End when there is nothing left to do.")
    var untilEmpty = false

    func run() async throws {
        let (configuration, log) = try ServiceCommand.configuration(options)
        do {
            let backends = try await Backends.open(configuration, log)
            let room = WorkRoom(configuration, backends)
            defer { room.close() }
            try room.checkPresets()
            if let event {
                let text = try read(event)
                let status = try await room.handle(text, log)
                if status != 0 { throw CommandFailure(status: status) }
            } else {
                try await serve(room, configuration, log)
            }
        } catch let error as BackendError {
            throw ServiceCommand.fail(error)
        } catch let error as TranscodingError {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        }
    }

    private func read(_ path: String) throws -> String {
        let data =
            path == "-"
            ? try? FileHandle.standardInput.readToEnd() ?? Data() : FileManager.default.contents(atPath: path)
        guard let data else {
            Console.error("recast: \(path) cannot be read [input.missing]")
            throw CommandFailure(status: 3)
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func serve(_ room: WorkRoom, _ configuration: Configuration, _ log: Logger) async throws {
        guard let queue = room.backends.queue else {
            Console.error("recast: queueURL (RECAST_QUEUE_URL) is not set; the aws backend needs it [usage]")
            throw CommandFailure(status: ExitStatus.usage)
        }
        guard configuration.backend == .local || configuration.deadLetterQueueURL != nil else {
            Console.error(
                "recast: deadLetterQueueURL (RECAST_DLQ_URL) is not set; the aws backend needs it [usage]"
            )
            throw CommandFailure(status: ExitStatus.usage)
        }
        let worker = room.worker(queue, endsWhenEmpty: untilEmpty, log)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(
                service: WorkerService(worker: worker),
                successTerminationBehavior: .gracefullyShutdownGroup
            )
        ]
        if let watch = room.backends.watch {
            services.append(.init(service: WatchService(watch: watch)))
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "recast.services") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try await group.run()
    }
}

/// A worker as a service: a graceful shutdown stops it.
struct WorkerService: Service {
    let worker: Worker

    func run() async { await cancelWhenGracefulShutdown { await worker.run() } }
}

/// The watch over folders as a service.
struct WatchService: Service {
    let watch: FolderWatch

    func run() async { await cancelWhenGracefulShutdown { await watch.run() } }
}
