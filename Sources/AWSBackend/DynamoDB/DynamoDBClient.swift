internal import Foundation
internal import Jobs

/// DynamoDB's actions, as far as they are needed here.
struct DynamoDBClient: Sendable {
    let service: JSONService

    private static let repetitions = 6

    /// The item as it is now.
    func get(_ key: Item, table: String) async throws(BackendError) -> Item? {
        var request = DynamoDBRequest(table: table)
        request.key = key
        request.isConsistent = true
        let answer: GetItemAnswer = try await plain("GetItem", request)
        return answer.item
    }

    /// Stores an item whole; false when its condition does not hold.
    func put(_ request: DynamoDBRequest) async throws(BackendError) -> Bool {
        try await conditional("PutItem", request)
    }

    /// Changes attributes of an item; false when the condition does not hold.
    func update(_ request: DynamoDBRequest) async throws(BackendError) -> Bool {
        try await conditional("UpdateItem", request)
    }

    func delete(_ key: Item, table: String) async throws(BackendError) {
        var request = DynamoDBRequest(table: table)
        request.key = key
        let _: EmptyAnswer = try await plain("DeleteItem", request)
    }

    /// Up to `count` items of a query, and whether there are more.
    func query(
        _ request: DynamoDBRequest,
        count: Int
    ) async throws(BackendError) -> (items: [Item], hasMore: Bool) {
        try await collect("Query", request, count: count)
    }

    /// The first item of a query that passes its filter.
    func first(_ request: DynamoDBRequest) async throws(BackendError) -> Item? {
        var request = request
        repeat {
            // The filter is applied to a page of 1 MB after it was read, so a page may well be empty.
            let answer: ItemsAnswer = try await plain("Query", request)
            if let item = answer.items.first { return item }
            request.start = answer.next
        } while request.start != nil
        return nil
    }

    /// Up to `count` items of a table in DynamoDB's own order, and whether there are more.
    func scan(
        _ request: DynamoDBRequest,
        count: Int
    ) async throws(BackendError) -> (items: [Item], hasMore: Bool) {
        try await collect("Scan", request, count: count)
    }

    /// Up to `count` items of a table that pass the request's filter, and whether there are more.
    ///
    /// A limit would count the items before they are filtered: it reads pages of 1 MB.
    func scanThrough(
        _ request: DynamoDBRequest,
        count: Int
    ) async throws(BackendError) -> (items: [Item], hasMore: Bool) {
        var request = request
        var items: [Item] = []
        repeat {
            let answer: ItemsAnswer = try await plain("Scan", request)
            items += answer.items
            request.start = answer.next
        } while request.start != nil && items.count <= count
        return (Array(items.prefix(count)), items.count > count)
    }

    /// The items of `keys` as they are now, in no certain order; those that do not exist are left out.
    func batchGet(_ keys: [Item], table: String) async throws(BackendError) -> [Item] {
        guard !keys.isEmpty else { return [] }
        var items: [Item] = []
        var left = [table: BatchGetRequest.Keys(keys: keys, isConsistent: true)]
        var repetition = 0
        while !left.isEmpty {
            let answer: BatchGetAnswer = try await plain("BatchGetItem", BatchGetRequest(tables: left))
            let found = answer.items?[table] ?? []
            items += found
            left = (answer.unprocessed ?? [:]).filter { !$0.value.keys.isEmpty }
            guard !left.isEmpty else { break }
            // 16 MB a reply is a normal reason for a rest; an empty reply is not.
            repetition = found.isEmpty ? repetition + 1 : 0
            guard repetition < Self.repetitions else {
                throw BackendError(.throttled, "the table \(table) is read too fast")
            }
            if repetition > 0 { await pause(before: repetition) }
        }
        return items
    }

    /// Puts items together or not at all.
    ///
    /// Returns `nil` when it happened, or else whether each item's condition held.
    func transact(_ puts: [DynamoDBRequest]) async throws(BackendError) -> [Bool]? {
        let request = TransactWriteRequest(writes: puts.map(TransactWriteRequest.Write.init(put:)))
        for repetition in 1... {
            do {
                let _: EmptyAnswer = try await service.call("TransactWriteItems", request)
                return nil
            } catch  where error.serviceCode == "TransactionCanceledException" {
                let reasons = Self.reasons(error)
                if reasons.contains("ConditionalCheckFailed") {
                    return reasons.map { $0 != "ConditionalCheckFailed" }
                }
                guard repetition < Self.repetitions, Self.isPassing(reasons) else {
                    throw Self.failure(reasons, error)
                }
                await pause(before: repetition)
            } catch {
                throw error.error
            }
        }
        return nil
    }

    // MARK: -

    private func plain<Answer: Decodable>(
        _ action: String,
        _ request: some Encodable & Sendable
    ) async throws(BackendError) -> Answer {
        do {
            return try await service.call(action, request)
        } catch {
            throw error.error
        }
    }

    private func conditional(
        _ action: String,
        _ request: DynamoDBRequest
    ) async throws(BackendError) -> Bool {
        do {
            let _: EmptyAnswer = try await service.call(action, request)
            return true
        } catch  where error.serviceCode == "ConditionalCheckFailedException" {
            return false
        } catch {
            throw error.error
        }
    }

    /// A page ends at 1 MB or at its limit, whichever comes first.
    private func collect(
        _ action: String,
        _ request: DynamoDBRequest,
        count: Int
    ) async throws(BackendError) -> (items: [Item], hasMore: Bool) {
        var request = request
        var items: [Item] = []
        // One more than is asked for tells whether there are more.
        let wanted = count + 1
        repeat {
            request.limit = wanted - items.count
            let answer: ItemsAnswer = try await plain(action, request)
            items += answer.items
            request.start = answer.next
        } while request.start != nil && items.count < wanted
        return (Array(items.prefix(count)), items.count > count)
    }

    /// Waits before the n-th repetition (1, 2, …) of what was not done though nothing was wrong with it: up
    /// to 100 ms, then twice as long each time.
    private func pause(before repetition: Int) async {
        let limit = 0.05 * Double(1 << min(repetition, 6))
        let timing = service.client.timing
        // A task that was cancelled ends with the next request.
        try? await timing.sleep(limit * timing.random())
    }

    private static func reasons(_ failure: AWSFailure) -> [String] {
        let answer = try? JSONDecoder().decode(CancellationAnswer.self, from: failure.body)
        return (answer?.reasons ?? []).map { $0.code ?? "None" }
    }

    /// Whether the transaction met another one, or a limit, and may work in a moment.
    private static func isPassing(_ reasons: [String]) -> Bool {
        let passing: Set = [
            "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded",
        ]
        return Set(reasons).isSubset(of: passing)
    }

    private static func failure(_ reasons: [String], _ failure: AWSFailure) -> BackendError {
        isPassing(reasons)
            ? BackendError(.throttled, failure.error.message)
            : BackendError(.invalid, failure.error.message)
    }
}
