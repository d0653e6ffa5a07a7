internal import Foundation
package import Jobs
package import Logging

/// Notices files that appear in buckets, and sends the events that S3 would send.
///
/// It looks once a second, or less often when looking takes long. A file that somebody is still writing changes from one look to the next; when
/// size and time have been still for two seconds, it is announced.
package actor FolderWatch {
    /// A file that was seen and may still be growing.
    private struct Sighting {
        let eTag: String
        let since: Date
    }

    private let folders: [WatchedFolder]
    private let store: FolderObjectStore
    private let announced: AnnouncedFiles
    private let clock: WallClock
    private let log: Logger
    private var hasLooked = false
    /// By bucket and key: what is not announced yet.
    private var sightings: [String: [FileName: Sighting]] = [:]
    /// By bucket and key: the ETag that needs no event any more.
    private var settled: [String: [FileName: String]] = [:]

    /// Seconds between two looks.
    private static let interval = 1.0
    private static let longestInterval = 60.0
    /// How much longer than looking it waits, so that large folders do not keep a core busy.
    private static let idleShare = 4.0
    /// Seconds for which a file must be still.
    private static let stillness = 2.0
    /// Files that are announced in one transaction.
    private static let batchSize = 100
    /// The object metadata by which outputs of jobs are known.
    private static let outputMark = "recast-job"

    package init(
        _ folders: [WatchedFolder],
        store: FolderObjectStore,
        database: LocalDatabase,
        clock: WallClock = .system,
        log: Logger
    ) {
        self.folders = folders
        self.store = store
        announced = AnnouncedFiles(database: database)
        self.clock = clock
        self.log = log
    }

    /// Whether a file was seen that is not announced yet, or nobody has looked so far.
    package var isExpecting: Bool { !hasLooked || sightings.values.contains { !$0.isEmpty } }

    /// Looks until the task is cancelled; what fails is tried again at the next look.
    package func run() async {
        var lastError: BackendError?
        while !Task.isCancelled {
            let start = clock.now()
            do throws(BackendError) {
                try await look()
                lastError = nil
            } catch {
                // Once, not once a second.
                if error != lastError {
                    log.warning("folders could not be watched", metadata: ["error": "\(error)"])
                }
                lastError = error
            }
            let duration = clock.now().timeIntervalSince(start)
            try? await clock.sleep(min(max(Self.interval, duration * Self.idleShare), Self.longestInterval))
        }
    }

    /// Sends the event for an object that was written whole, without waiting for it to be still.
    ///
    /// Returns false when none is due: the place is not watched, or the object was announced already.
    ///
    /// - Throws: `notFound`.
    @discardableResult
    package func announce(_ location: ObjectLocation) async throws(BackendError) -> Bool {
        guard folders.contains(where: { $0.holds(location) }) else { return false }
        let stamp = try await store.examine(location).stamp
        let file = AnnouncedFiles.File(location: location, stamp: stamp)
        return try await announced.announce([file], at: clock.now()) > 0
    }

    /// Looks once, and returns how many files were announced.
    @discardableResult
    package func look() async throws(BackendError) -> Int {
        var count = 0
        for bucket in Set(folders.map(\.bucket)).sorted() { count += try await look(bucket: bucket) }
        hasLooked = true
        return count
    }

    private func look(bucket: String) async throws(BackendError) -> Int {
        let known: [FileName: String]
        if let settled = settled[bucket] {
            known = settled
        } else {
            known = try await announced.eTags(bucket: bucket)
        }
        var seen: [FileName: String] = [:]
        var still: [ObjectLocation] = []
        var nextSightings: [FileName: Sighting] = [:]
        let now = clock.now()
        for object in try await objects(bucket: bucket) {
            let key = FileName(object.key.utf8)
            if known[key] == object.eTag {
                seen[key] = object.eTag
                continue
            }
            // Known in another state: it has changed, but it is not gone.
            if let eTag = known[key] { seen[key] = eTag }
            let before = sightings[bucket]?[key].flatMap { $0.eTag == object.eTag ? $0 : nil }
            let sighting = before ?? Sighting(eTag: object.eTag, since: now)
            nextSightings[key] = sighting
            if now.timeIntervalSince(sighting.since) >= Self.stillness {
                still.append(ObjectLocation(bucket: bucket, key: object.key))
            }
        }
        sightings[bucket] = nextSightings
        try await forgetMissing(known, but: seen, bucket: bucket)
        settled[bucket] = seen
        return try await settle(still, bucket: bucket)
    }

    private func objects(bucket: String) async throws(BackendError) -> [ObjectSummary] {
        var objects: [ObjectSummary] = []
        for folder in folders where folder.bucket == bucket {
            objects += try await store.objects(bucket: bucket, prefix: folder.prefix)
                .filter { folder.notices($0.key) }
        }
        return objects
    }

    /// Announces files that have been still, except outputs of jobs.
    private func settle(_ locations: [ObjectLocation], bucket: String) async throws(BackendError) -> Int {
        var count = 0
        var waiting = locations[...]
        while !waiting.isEmpty {
            var batch: [AnnouncedFiles.File] = []
            var done: [FileName: String] = [:]
            for location in waiting.prefix(Self.batchSize) {
                guard let (info, stamp) = try await examine(location) else { continue }
                let key = FileName(location.key.utf8)
                // It changed after the look: it is not still after all.
                guard sightings[bucket]?[key]?.eTag == stamp.eTag else { continue }
                done[key] = stamp.eTag
                if info.metadata[Self.outputMark] == nil {
                    batch.append(AnnouncedFiles.File(location: location, stamp: stamp))
                }
            }
            count += try await announced.announce(batch, at: clock.now())
            for (key, eTag) in done {
                settled[bucket]?[key] = eTag
                sightings[bucket]?[key] = nil
            }
            waiting = waiting.dropFirst(Self.batchSize)
        }
        if count > 0 { log.info("files appeared", metadata: ["bucket": "\(bucket)", "count": "\(count)"]) }
        return count
    }

    /// What is known of an object; `nil` when it has gone.
    private func examine(
        _ location: ObjectLocation
    ) async throws(BackendError) -> (info: ObjectInfo, stamp: FileStamp)? {
        do throws(BackendError) {
            return try await store.examine(location)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    private func forgetMissing(
        _ known: [FileName: String],
        but seen: [FileName: String],
        bucket: String
    ) async throws(BackendError) {
        for key in known.keys where seen[key] == nil {
            let location = ObjectLocation(bucket: bucket, key: String(decoding: key, as: UTF8.self))
            guard folders.contains(where: { $0.holds(location) }) else { continue }
            // A name that is moved during a look may be missed by it.
            if try await examine(location) == nil { try await announced.forget(location) }
        }
    }
}
