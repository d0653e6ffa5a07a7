internal import ArgumentParser
internal import Foundation
internal import HTTPService
internal import IsolatedEngine
internal import Jobs
internal import Logging
internal import ServiceLifecycle
internal import Transcoding
internal import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the site, the API of Elastic Transcoder and a page, and transcodes what arrives.",
        discussion: """
            Once it listens it prints its address. Ctrl-C or SIGTERM stops it gracefully: no request and no \
            job is taken from then on; requests and jobs that are not done within the grace period are given \
            up or put back.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Where to wait for requests, such as 127.0.0.1:8080; port 0 takes a free one.")
    var listen: String?

    @Flag(help: "Only serve; `recast work` transcodes elsewhere.")
    var noWorker = false

    @Flag(help: "Let everybody in whose password is their name, as the service before this one did.")
    var legacyAuth = false

    @Flag(help: "Take requests to the API of Elastic Transcoder whoever signed them; on loopback only.")
    var insecureAcceptAnySignature = false

    func run() async throws {
        let flags = listen.map { ["listen": $0] } ?? [:]
        let (configuration, log) = try ServiceCommand.configuration(options, flags: flags)
        try check(configuration)
        FileLimit.raise()
        do {
            let backends = try await Backends.open(configuration, log)
            let room = ServeRoom(
                configuration,
                backends,
                allowsNameAsPassword: legacyAuth,
                acceptsAnySignature: insecureAcceptAnySignature
            )
            try await warn(configuration, room, log)
            try await serve(room, configuration, log)
        } catch let error as BackendError {
            throw ServiceCommand.fail(error)
        } catch let error as TranscodingError {
            Console.error("recast: \(error.message) [\(error.code.rawValue)]")
            throw CommandFailure(status: ExitStatus.of(error.code))
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            let reason = ListenFailure.reason(error)
            Console.error(
                "recast: cannot serve on \(configuration.service.listen.text): \(reason) [unavailable]"
            )
            throw CommandFailure(status: 6)
        }
    }

    private func check(_ configuration: Configuration) throws {
        var problems: [String] = []
        if insecureAcceptAnySignature, !configuration.service.listen.isLoopback {
            problems.append("--insecure-accept-any-signature is for loopback addresses only")
        }
        if configuration.backend == .aws, !noWorker {
            if configuration.queueURL == nil {
                problems.append("queueURL (RECAST_QUEUE_URL) is not set; the worker needs it")
            } else if configuration.deadLetterQueueURL == nil {
                problems.append("deadLetterQueueURL (RECAST_DLQ_URL) is not set; the worker needs it")
            }
        }
        for problem in problems { Console.error("recast: \(problem) [usage]") }
        if !problems.isEmpty { throw CommandFailure(status: ExitStatus.usage) }
    }

    private func warn(_ configuration: Configuration, _ room: ServeRoom, _ log: Logger) async throws {
        if legacyAuth { log.warning("everybody is let in whose password is their name (--legacy-auth)") }
        if insecureAcceptAnySignature {
            log.warning("signatures are not verified (--insecure-accept-any-signature)")
        }
        guard try await room.accounts.isEmpty() else { return }
        log.warning(
            "nobody can sign in or use the API yet: `recast user add` and `recast key add` let somebody in"
        )
    }

    private func serve(_ room: ServeRoom, _ configuration: Configuration, _ log: Logger) async throws {
        var parts: [any Service] = []
        var workRoom: WorkRoom?
        if !noWorker, let queue = room.backends.queue {
            let made = WorkRoom(configuration, room.backends)
            workRoom = made
            try made.checkPresets()
            let worker = made.worker(
                queue,
                endsWhenEmpty: false,
                observer: { [metrics = room.metrics] in metrics.observed($0) },
                log
            )
            parts.append(WorkerService(worker: worker))
            if let watch = room.backends.watch { parts.append(WatchService(watch: watch)) }
        }
        defer { workRoom?.close() }
        let host = configuration.service.listen.writtenHost
        let application = room.service(log).application { port in
            Console.print("listening on http://\(host):\(port)")
            Console.remark("the page is http://\(host):\(port)/app")
            Task.detached {
                // Once the start is over, what it alone needed is given back.
                try? await Task.sleep(for: .seconds(3))
                ProgramPages.release()
            }
        }
        parts.append(DrainedService(service: application, seconds: configuration.worker.gracePeriod))
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: TogetherService(parts: parts))],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "recast.services") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try await group.run()
    }
}

/// Services that stop at the same time, and all when one of them fails.
private struct TogetherService: Service {
    let parts: [any Service]

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in parts { group.addTask { try await part.run() } }
            // The first that fails ends the others.
            while try await group.next() != nil {}
        }
    }
}

/// A service that has only so long to stop.
private struct DrainedService: Service {
    let service: any Service
    let seconds: Double

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            group.addTask {
                try? await gracefulShutdown()
                try await Task.sleep(for: .seconds(seconds))
            }
            // Either it has stopped, or its time is up.
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
