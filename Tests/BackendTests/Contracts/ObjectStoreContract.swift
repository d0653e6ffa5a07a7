import Foundation
import Jobs
import Testing

/// An object store, and where in it a test may write.
struct ObjectStoreSubject: Sendable {
    let store: any ObjectStore
    let bucket: String
    /// What the server behind the store does differently from S3.
    var deviations: Set<Deviation> = []

    /// What a server cannot do, whoever asks it.
    enum Deviation: Sendable {
        /// Keys are paths: no `.` or `..`, no empty folder name, no name over 255 bytes, no backslash.
        case keysArePaths
        /// A listing sorts a folder by its name without the slash.
        case sortsByFolder
        /// Completing an upload ignores conditions.
        case completesUnconditionally
        /// Conditions on completing an upload hold only when nobody else completes one at the same time.
        case completesRacily
    }

    func allows(_ key: String) -> Bool {
        guard deviations.contains(.keysArePaths) else { return true }
        let names = key.split(separator: "/", omittingEmptySubsequences: false)
        return names.allSatisfy {
            !["", ".", ".."].contains($0) && $0.utf8.count <= 255 && !$0.contains("\\")
        }
    }

    func location(_ key: String) -> ObjectLocation { ObjectLocation(bucket: bucket, key: key) }

    func write(
        _ text: String,
        _ key: String,
        condition: WriteCondition = .none
    ) async throws -> String {
        try await store.write(
            Data(text.utf8),
            to: location(key),
            attributes: ObjectAttributes(contentType: "text/plain"),
            condition: condition
        )
    }

    func text(_ key: String, eTag: String? = nil) async throws -> String {
        let data = try await store.read(location(key), range: 0..<Int64.max, eTag: eTag)
        return String(decoding: data, as: UTF8.self)
    }
}

@Suite("An object store")
struct ObjectStoreContract {
    @Test("What was written is read back, with its type and metadata", arguments: Candidate.objectStores)
    func roundTrip(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let location = subject.location(uniqueName("clip"))
        // More than fits into one read of a socket or one part of an upload.
        var data = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        for _ in 0..<6 { data += data }
        let count = Int64(data.count)
        let metadata = ["recast-job": "1700000000000-abcdef", "note": "a, b; c=\"d\""]
        let before = Date()
        let eTag = try await subject.store.write(
            data,
            to: location,
            attributes: ObjectAttributes(contentType: "video/mp4", metadata: metadata),
            condition: .none
        )
        let info = try await subject.store.head(location)
        #expect(info.byteCount == count)
        #expect(info.eTag == eTag)
        #expect(!eTag.isEmpty && !eTag.contains("\""))
        #expect(info.contentType == "video/mp4")
        #expect(info.metadata == metadata)
        #expect(abs(info.modified.timeIntervalSince(before)) < 60)
        #expect(try await subject.store.read(location, range: 0..<count, eTag: eTag) == data)
    }

    @Test("An object may be empty", arguments: Candidate.objectStores)
    func empty(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("empty")
        let eTag = try await subject.write("", key)
        #expect(try await subject.store.head(subject.location(key)).byteCount == 0)
        #expect(try await subject.text(key, eTag: eTag) == "")
    }

    @Test("A range is cut to the object's end", arguments: Candidate.objectStores)
    func ranges(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("digits")
        let eTag = try await subject.write("0123456789", key)
        let expected: [(Range<Int64>, String)] = [
            (0..<1, "0"), (3..<7, "3456"), (9..<10, "9"), (8..<1000, "89"), (0..<Int64.max, "0123456789"),
            (10..<20, ""), (1_000..<2_000, ""), (4..<4, ""),
        ]
        for (range, text) in expected {
            let data = try await subject.store.read(subject.location(key), range: range, eTag: eTag)
            #expect(String(decoding: data, as: UTF8.self) == text, "\(range)")
        }
    }

    @Test("What is not there is not found", arguments: Candidate.objectStores)
    func notFound(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let store = subject.store
        let absent = subject.location(uniqueName("absent"))
        let nowhere = ObjectLocation(bucket: uniqueName("nowhere"), key: "clip.mp4")
        for location in [absent, nowhere] {
            #expect(try await failure { try await store.head(location) } == .notFound)
            #expect(
                try await failure { try await store.read(location, range: 0..<1, eTag: nil) } == .notFound
            )
        }
        let attributes = ObjectAttributes(contentType: "text/plain")
        #expect(
            try await failure {
                try await store.write(Data(), to: nowhere, attributes: attributes, condition: .none)
            } == .notFound
        )
        #expect(
            try await failure {
                try await store.list(bucket: nowhere.bucket, prefix: "", after: nil, limit: 10)
            } == .notFound
        )
    }

    @Test("A bucket that is not there is known not to be", arguments: Candidate.objectStores)
    func knowsBuckets(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        #expect(try await subject.store.hasBucket(subject.bucket))
        #expect(try await subject.store.hasBucket(uniqueName("nowhere")) == false)
    }

    @Test("Deleting twice is no error", arguments: Candidate.objectStores)
    func deletesTwice(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("clip")
        _ = try await subject.write("x", key)
        try await subject.store.delete(subject.location(key))
        #expect(try await failure { try await subject.store.head(subject.location(key)) } == .notFound)
        try await subject.store.delete(subject.location(key))
    }

    @Test("An object's ETag is another one as soon as its bytes are", arguments: Candidate.objectStores)
    func changesETag(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("clip")
        let first = try await subject.write("one", key)
        let second = try await subject.write("two", key)
        #expect(first != second)
        #expect(try await subject.store.head(subject.location(key)).eTag == second)
        #expect(try await subject.text(key, eTag: second) == "two")
        #expect(try await failure { try await subject.text(key, eTag: first) } == .conflict)
    }

    @Test(
        "A condition that does not hold is a conflict and changes nothing",
        arguments: Candidate.objectStores
    )
    func conditions(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("clip")
        #expect(
            try await failure { try await subject.write("x", key, condition: .matches(eTag: "0")) }
                == .conflict
        )
        #expect(try await failure { try await subject.text(key) } == .notFound)
        let first = try await subject.write("one", key, condition: .absent)
        #expect(try await failure { try await subject.write("two", key, condition: .absent) } == .conflict)
        #expect(try await subject.text(key) == "one")
        let second = try await subject.write("three", key, condition: .matches(eTag: first))
        #expect(
            try await failure { try await subject.write("four", key, condition: .matches(eTag: first)) }
                == .conflict
        )
        #expect(try await subject.text(key, eTag: second) == "three")
    }

    @Test("Of eight writers of a new object exactly one wins", arguments: Candidate.objectStores)
    func oneWinner(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("contested")
        let winners = try await withThrowingTaskGroup(of: String?.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    let text = "writer \(writer)"
                    let code = try await failure { try await subject.write(text, key, condition: .absent) }
                    #expect(code == nil || code == .conflict)
                    return code == nil ? text : nil
                }
            }
            return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
        }
        #expect(winners.count == 1)
        #expect(try await subject.text(key) == winners.first)
    }

    @Test("A reader never meets a mixture of two versions", arguments: Candidate.objectStores)
    func readsOneVersion(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("rewritten")
        let texts = ["a", "b"].map { String(repeating: $0, count: 300_000) }
        _ = try await subject.write(texts[0], key)
        async let writing: Void = {
            for turn in 1...12 { _ = try await subject.write(texts[turn % 2], key) }
        }()
        for _ in 0..<12 {
            let eTag = try await subject.store.head(subject.location(key)).eTag
            do {
                let halves = [Int64(0)..<150_000, 150_000..<300_000]
                var text = ""
                for half in halves {
                    let data = try await subject.store.read(subject.location(key), range: half, eTag: eTag)
                    text += String(decoding: data, as: UTF8.self)
                }
                #expect(texts.contains(text), "a mixture of two versions")
            } catch {
                #expect(error.code == .conflict)
            }
        }
        try await writing
    }
}
