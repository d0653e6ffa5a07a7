internal import ArgumentParser
internal import Foundation
internal import Jobs

struct RecordsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records",
        abstract: "Lists what is known of each uploaded video."
    )

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print one JSON object a record.")
    var json = false

    func run() async throws {
        let (configuration, log) = try ServiceCommand.configuration(options)
        do throws(BackendError) {
            let store = try await Backends.openExisting(configuration, log).store
            var after: String?
            var isEmpty = true
            repeat {
                let page = try await store.records(after: after, limit: 100)
                for record in page.items { show(record) }
                isEmpty = isEmpty && page.items.isEmpty
                after = page.next
            } while after != nil
            if isEmpty { Console.remark("no video is known yet") }
        } catch {
            throw ServiceCommand.fail(error)
        }
    }

    private func show(_ record: VideoRecord) {
        if json {
            guard let data = try? JSONEncoder().encode(record) else { return }
            Console.print(String(decoding: data, as: UTF8.self))
        } else {
            Console.print(Self.line(record))
        }
    }

    static func line(_ record: VideoRecord) -> String {
        guard let state = record.transcoding else { return "\(record.video): not transcoded yet" }
        guard state.status == .complete else {
            let reason = state.errorMessage.map { ": \($0) [\(state.errorCode ?? "")]" } ?? ""
            return "\(record.video): \(state.status.rawValue)\(reason)"
        }
        var words = "\(record.video) → \(state.outputKey ?? ""): "
        if let width = state.width, let height = state.height { words += "\(width)x\(height), " }
        words += String(
            format: "%.2f s, %.2f MB → %.2f MB",
            state.duration ?? 0,
            Double(state.sizeIn ?? 0) / 1e6,
            Double(state.sizeOut ?? 0) / 1e6
        )
        if let ssim = state.ssim { words += String(format: ", SSIM %.4f", ssim) }
        if let start = state.startedAt, let end = state.finishedAt {
            words += String(format: ", in %.1f s", Double(end - start) / 1000)
        }
        return words
    }
}

struct RedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Puts messages that were given up back into the queue."
    )

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "At most so many.")
    var limit = 1000

    @Flag(help: "Only list them, with the reason each was given up for.")
    var list = false

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit takes 1 to 100000") }
    }

    func run() async throws {
        let (configuration, log) = try ServiceCommand.configuration(options)
        do {
            guard let queue = try await Backends.openExisting(configuration, log).queue else {
                Console.error("recast: queueURL (RECAST_QUEUE_URL) is not set [usage]")
                throw CommandFailure(status: ExitStatus.usage)
            }
            if list {
                let letters = try await queue.deadLetters(limit: limit)
                if letters.isEmpty { Console.remark("no message was given up") }
                for letter in letters {
                    let job = letter.jobID.map { "job \($0): " } ?? ""
                    Console.print("\(job)\(letter.message) [\(letter.code)]")
                }
            } else {
                let count = try await queue.redrive(limit: limit)
                Console.print("\(count) \(count == 1 ? "message" : "messages") put back")
            }
        } catch let error as BackendError {
            throw ServiceCommand.fail(error)
        }
    }
}
