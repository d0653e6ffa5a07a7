import Foundation
import Jobs
import Testing

@Suite("An object written in parts")
struct ObjectUploadContract {
    private static let attributes = ObjectAttributes(contentType: "video/mp4", metadata: ["recast-job": "j"])

    /// Bytes that differ from part to part, and at the ends from those between.
    private static func part(_ number: Int, _ count: Int) -> Data {
        let between = Data(repeating: UInt8(truncatingIfNeeded: number), count: count - 2)
        return Data([0xA0]) + between + Data([0xA1])
    }

    /// What is under a key, whatever its length.
    private static func content(_ subject: ObjectStoreSubject, _ key: String) async throws -> Data {
        try await subject.store.read(subject.location(key), range: 0..<Int64.max, eTag: nil)
    }

    @Test("Parts make one object in the order of their numbers", arguments: Candidate.objectStores)
    func ordersParts(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("parts")
        let upload = try await subject.store.startUpload(
            to: subject.location(key),
            attributes: Self.attributes
        )
        let size = upload.minimumPartSize
        let last = Self.part(3, 11)
        try await upload.upload(part: 9, last)
        try await upload.upload(part: 5, Self.part(2, size + 1))
        try await upload.upload(part: 1, Self.part(1, size))
        #expect(try await failure { try await subject.text(key) } == .notFound)
        let listed = try await subject.store.list(bucket: subject.bucket, prefix: key, after: nil, limit: 9)
        #expect(listed.items.isEmpty)

        let eTag = try await upload.complete(condition: .none)
        let info = try await subject.store.head(subject.location(key))
        #expect(info.eTag == eTag)
        #expect(info.contentType == Self.attributes.contentType)
        #expect(info.metadata == Self.attributes.metadata)
        let whole = Self.part(1, size) + Self.part(2, size + 1) + last
        #expect(try await Self.content(subject, key) == whole)
        // Across the joint of two parts.
        let joint = Int64(size - 2)..<Int64(size + 2)
        let read = try await subject.store.read(subject.location(key), range: joint, eTag: eTag)
        #expect(read == whole.subdata(in: Int(joint.lowerBound)..<Int(joint.upperBound)))
    }

    @Test("Parts may be uploaded at the same time", arguments: Candidate.objectStores)
    func uploadsAtOnce(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("parallel")
        let upload = try await subject.store.startUpload(
            to: subject.location(key),
            attributes: Self.attributes
        )
        let size = upload.minimumPartSize
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...4 {
                group.addTask { try await upload.upload(part: number, Self.part(number, size)) }
            }
            try await group.waitForAll()
        }
        _ = try await upload.complete(condition: .absent)
        let whole = (1...4).reduce(Data()) { $0 + Self.part($1, size) }
        #expect(try await Self.content(subject, key) == whole)
    }

    @Test("A part uploaded again replaces the first one", arguments: Candidate.objectStores)
    func replacesPart(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("replaced")
        let upload = try await subject.store.startUpload(
            to: subject.location(key),
            attributes: Self.attributes
        )
        try await upload.upload(part: 1, Self.part(1, upload.minimumPartSize))
        try await upload.upload(part: 2, Data("first".utf8))
        try await upload.upload(part: 1, Self.part(4, upload.minimumPartSize))
        try await upload.upload(part: 2, Data("second".utf8))
        _ = try await upload.complete(condition: .none)
        let whole = Self.part(4, upload.minimumPartSize) + Data("second".utf8)
        #expect(try await Self.content(subject, key) == whole)
    }

    @Test("Aborting leaves what was there before, and may be done twice", arguments: Candidate.objectStores)
    func aborts(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("aborted")
        _ = try await subject.write("before", key)
        let upload = try await subject.store.startUpload(
            to: subject.location(key),
            attributes: Self.attributes
        )
        try await upload.upload(part: 1, Data("after".utf8))
        try await upload.abort()
        try await upload.abort()
        #expect(try await failure { try await upload.complete(condition: .none) } != nil)
        #expect(try await subject.text(key) == "before")
        #expect(try await subject.store.abortUploads(of: subject.location(key)) == 0)
    }

    @Test("Completing twice changes nothing the second time", arguments: Candidate.objectStores)
    func completesTwice(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let key = uniqueName("twice")
        let upload = try await subject.store.startUpload(
            to: subject.location(key),
            attributes: Self.attributes
        )
        try await upload.upload(part: 1, Data("once".utf8))
        let eTag = try await upload.complete(condition: .absent)
        // Whether the second one is told that it is done or that there is nothing to do is left open.
        _ = try await failure { try await upload.complete(condition: .none) }
        #expect(try await subject.text(key, eTag: eTag) == "once")
    }

    @Test(
        "A condition that does not hold leaves the upload to be tried again",
        arguments: Candidate.objectStores
    )
    func completesConditionally(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        guard !subject.deviations.contains(.completesUnconditionally) else { return }
        let key = uniqueName("conditional")
        let location = subject.location(key)
        let eTag = try await subject.write("before", key)
        let upload = try await subject.store.startUpload(to: location, attributes: Self.attributes)
        try await upload.upload(part: 1, Data("after".utf8))
        #expect(try await failure { try await upload.complete(condition: .absent) } == .conflict)
        #expect(
            try await failure { try await upload.complete(condition: .matches(eTag: "0")) } == .conflict
        )
        #expect(try await subject.text(key) == "before")
        _ = try await upload.complete(condition: .matches(eTag: eTag))
        #expect(try await subject.text(key) == "after")

        let other = uniqueName("conditional")
        let second = try await subject.store.startUpload(
            to: subject.location(other),
            attributes: Self.attributes
        )
        try await second.upload(part: 1, Data("x".utf8))
        #expect(
            try await failure { try await second.complete(condition: .matches(eTag: eTag)) } == .conflict
        )
        #expect(try await failure { try await subject.text(other) } == .notFound)
        try await second.abort()
    }

    @Test("Of four uploads of a new object exactly one wins", arguments: Candidate.objectStores)
    func oneWinner(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        guard subject.deviations.isDisjoint(with: [.completesUnconditionally, .completesRacily]) else {
            return
        }
        let key = uniqueName("contested")
        let location = subject.location(key)
        let winners = try await withThrowingTaskGroup(of: String?.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let text = "upload \(writer)"
                    let upload = try await subject.store.startUpload(
                        to: location,
                        attributes: Self.attributes
                    )
                    try await upload.upload(part: 1, Data(text.utf8))
                    let code = try await failure { try await upload.complete(condition: .absent) }
                    #expect(code == nil || code == .conflict)
                    if code != nil { try await upload.abort() }
                    return code == nil ? text : nil
                }
            }
            return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
        }
        #expect(winners.count == 1)
        #expect(try await subject.text(key) == winners.first)
    }

    @Test("The uploads that a dead attempt left are removed", arguments: Candidate.objectStores)
    func removesLeftovers(_ candidate: Candidate<ObjectStoreSubject>) async throws {
        let subject = try await candidate.make()
        let location = subject.location(uniqueName("left"))
        // A neighbour whose key begins alike keeps its upload.
        let neighbour = subject.location(location.key + "-2")
        let kept = try await subject.store.startUpload(to: neighbour, attributes: Self.attributes)
        try await kept.upload(part: 1, Data("kept".utf8))
        for _ in 0..<2 {
            let upload = try await subject.store.startUpload(to: location, attributes: Self.attributes)
            try await upload.upload(part: 1, Data("left".utf8))
        }
        #expect(try await subject.store.abortUploads(of: location) == 2)
        #expect(try await subject.store.abortUploads(of: location) == 0)
        #expect(try await failure { try await subject.store.head(location) } == .notFound)
        _ = try await kept.complete(condition: .none)
        #expect(try await subject.text(neighbour.key) == "kept")
    }
}
