import Foundation
import TestMedia

extension RunningTool {
    /// The engines that were started for the program, those included that wait for work.
    var engines: [Int32] { enginesOf(processIdentifier) }

    /// The engines at work: one that waits for its first request has a single thread.
    var busyEngines: [Int32] { engines.filter(isBusy) }
}

/// Sends a signal to the first engine that is at work for one of `workers`, and returns which one it is; `nil`
/// when there is none for `seconds`, or none but those already `known`.
///
/// A thread of its own looks for it: those that run tests may be taken for longer than a job lasts.
func signalEngine(
    of workers: [RunningTool],
    _ signal: Int32,
    besides known: Set<Int32> = [],
    within seconds: Double = 30
) async -> Int32? {
    let parents = workers.map(\.processIdentifier)
    return await withCheckedContinuation { continuation in
        Thread.detachNewThread {
            let deadline = ContinuousClock.now + .seconds(seconds)
            while ContinuousClock.now < deadline {
                let engine = parents.lazy.flatMap(enginesOf).first { engine in
                    !known.contains(engine) && isBusy(engine) && kill(engine, signal) == 0
                }
                if let engine { return continuation.resume(returning: engine) }
                Thread.sleep(forTimeInterval: 0.005)
            }
            continuation.resume(returning: nil)
        }
    }
}

/// Whether a process is an engine, of `parent` if that is given; one that has ended is none.
func isEngine(_ process: Int32, of parent: Int32? = nil) -> Bool {
    guard let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"),
        command.starts(with: Data("recast\0engine\0".utf8))
    else { return false }
    guard let parent else { return true }
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    return status.split(separator: "\n").contains("PPid:\t\(parent)")
}

private func enginesOf(_ parent: Int32) -> [Int32] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.filter { isEngine($0, of: parent) }
}

private func isBusy(_ engine: Int32) -> Bool {
    let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(engine)/task")
    return (threads ?? []).count > 1
}
