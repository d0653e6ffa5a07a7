internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends connections that take up room without getting anywhere.
///
/// The idle time-out of the server ends those that send no request, however slowly its head comes. This
/// ends those whose bodies come too slowly, those that do not take their answers, and those whose answer
/// says that it is the last.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    struct Limits: Sendable {
        /// Time until the first request's head is there.
        var firstHead = TimeAmount.seconds(10)
        /// How long a body may be slower than `leastRate`, and an answer wait to be taken.
        var patience = TimeAmount.seconds(60)
        /// Bytes a second, on the average of a whole body.
        var leastRate = 256
        /// Bytes, and time, that a body may still take after its answer: whoever sends it sees that it is
        /// over only when they look.
        var surplus = 16 << 20
        var surplusTime = TimeAmount.seconds(5)
    }

    private let limits: Limits
    private var headTimer: Scheduled<Void>?
    private var bodyTimer: RepeatedTask?
    private var writeTimer: Scheduled<Void>?
    private var bodyStart = NIODeadline.now()
    private var bodyBytes = 0
    private var isReading = false
    private var isLast = false
    /// Bytes of a body that came after its answer; `nil` before that.
    private var surplus: Int?

    init(_ limits: Limits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        headTimer = Self.schedule(after: limits.firstHead, context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            headTimer?.cancel()
            headTimer = nil
            bodyStart = .now()
            bodyBytes = 0
            isReading = true
            surplus = nil
            watchBody(context)
        case .body(let bytes):
            bodyBytes &+= bytes.readableBytes
            if let before = surplus {
                surplus = before &+ bytes.readableBytes
                if before > limits.surplus { context.close(promise: nil) }
            }
        case .end:
            bodyTimer?.cancel()
            bodyTimer = nil
            isReading = false
            if surplus != nil, isLast { context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): isLast = head.headerFields[.connection] == "close"
        case .body: break
        case .end:
            if isReading { surplus = 0 }
            guard isLast else { break }
            context.writeAndFlush(data, promise: promise)
            guard isReading else { return context.close(promise: nil) }
            writeTimer?.cancel()
            writeTimer = Self.schedule(after: limits.surplusTime, context)
            return
        }
        context.write(data, promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        defer { context.fireChannelWritabilityChanged() }
        if surplus != nil, isLast { return }
        writeTimer?.cancel()
        writeTimer = context.channel.isWritable ? nil : Self.schedule(after: limits.patience, context)
    }

    private func watchBody(_ context: ChannelHandlerContext) {
        bodyTimer?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        bodyTimer = context.eventLoop.scheduleRepeatedTask(
            initialDelay: limits.patience,
            delay: limits.patience
        ) { _ in
            let (handler, context) = bound.value
            guard handler.isTooSlow else { return }
            context.close(promise: nil)
        }
    }

    private var isTooSlow: Bool {
        let seconds = Double((NIODeadline.now() - bodyStart).nanoseconds) / 1e9
        return Double(bodyBytes) < seconds * Double(limits.leastRate)
    }

    private static func schedule(after delay: TimeAmount, _ context: ChannelHandlerContext) -> Scheduled<Void>
    {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: delay) { bound.value.close(promise: nil) }
    }

    private func stop() {
        headTimer?.cancel()
        bodyTimer?.cancel()
        writeTimer?.cancel()
        (headTimer, bodyTimer, writeTimer) = (nil, nil, nil)
    }
}
