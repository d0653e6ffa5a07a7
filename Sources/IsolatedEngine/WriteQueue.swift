internal import Foundation

/// Output on its way, bounded: who adds to it waits while it is full.
actor WriteQueue {
    struct Item: Sendable {
        let data: Data
        let offset: Int64
    }

    private static let capacity = 8 << 20

    private var items: [Item] = []
    private var byteCount = 0
    private var isDelivering = false
    private var isClosed = false
    private var changed: [CheckedContinuation<Void, Never>] = []

    /// Nothing is waiting and nothing is being written.
    var isIdle: Bool { items.isEmpty && !isDelivering }

    /// Adds an item as soon as there is room.
    func add(_ item: Item) async {
        while byteCount > 0, byteCount + item.data.count > WriteQueue.capacity, !isClosed { await change() }
        guard !isClosed else { return }
        items.append(item)
        byteCount += item.data.count
        wake()
    }

    /// The next item, when there is one; `nil` after `close`.
    ///
    /// Asking for it means the last one is written.
    func next() async -> Item? {
        isDelivering = false
        wake()
        while items.isEmpty, !isClosed { await change() }
        guard !isClosed else { return nil }
        let item = items.removeFirst()
        byteCount -= item.data.count
        isDelivering = true
        wake()
        return item
    }

    /// Waits until everything is written; `false` when the queue was closed before.
    func drain() async -> Bool {
        while !isIdle, !isClosed { await change() }
        return !isClosed
    }

    /// Throws away what is waiting, and lets everybody go.
    func close() {
        isClosed = true
        items = []
        byteCount = 0
        wake()
    }

    private func change() async { await withCheckedContinuation { changed.append($0) } }

    private func wake() {
        let waiting = changed
        changed = []
        for continuation in waiting { continuation.resume() }
    }
}
