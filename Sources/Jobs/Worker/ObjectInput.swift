package import Foundation
internal import IsolatedEngine

/// One version of an object as the engine's input: ranged reads, never of another version.
package struct ObjectInput: AsyncInput {
    private let store: any ObjectStore
    private let location: ObjectLocation
    private let eTag: String
    package let byteCount: Int64

    package init(store: any ObjectStore, location: ObjectLocation, info: ObjectInfo) {
        self.store = store
        self.location = location
        eTag = info.eTag
        byteCount = info.byteCount
    }

    package func read(_ range: Range<Int64>) async throws -> Data {
        try await store.read(location, range: range, eTag: eTag)
    }
}
