internal import Dispatch
internal import Glibc

/// Calls back once when the user presses Ctrl-C or the system asks the program to end.
struct InterruptWatch {
    private let sources: [any DispatchSourceSignal]

    init(_ onInterrupt: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { signal in
            Glibc.signal(signal, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: signal, queue: .global())
            source.setEventHandler {
                // A second Ctrl-C ends the program at once.
                Glibc.signal(signal, SIG_DFL)
                onInterrupt()
            }
            source.resume()
            return source
        }
    }

    func stop() { for source in sources { source.cancel() } }
}
