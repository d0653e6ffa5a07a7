internal import Dispatch
internal import Glibc
internal import Synchronization

/// Notices Ctrl-C, or the system asking the program to end, once.
struct InterruptWatch: ~Copyable {
    private final class Pending: Sendable {
        private let state = Mutex<(isInterrupted: Bool, action: (@Sendable () -> Void)?)>((false, nil))

        func interrupt() {
            let action = state.withLock { state in
                state.isInterrupted = true
                return state.action
            }
            action?()
        }

        func attach(_ action: @escaping @Sendable () -> Void) {
            let isLate = state.withLock { state in
                state.action = action
                return state.isInterrupted
            }
            if isLate { action() }
        }
    }

    private let pending = Pending()
    private let sources: [any DispatchSourceSignal]

    init() {
        let pending = pending
        sources = [SIGINT, SIGTERM].map { signal in
            Glibc.signal(signal, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
            source.setEventHandler {
                // A second Ctrl-C ends the program at once.
                Glibc.signal(signal, SIG_DFL)
                pending.interrupt()
            }
            source.resume()
            return source
        }
    }

    /// Sets what to do; done at once when the signal has already come.
    func onInterrupt(_ action: @escaping @Sendable () -> Void) { pending.attach(action) }

    func stop() { for source in sources { source.cancel() } }
}
