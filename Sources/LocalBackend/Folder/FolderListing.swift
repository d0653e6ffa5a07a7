internal import Foundation
internal import Jobs

/// Walks through a bucket in the order of its keys.
struct FolderListing {
    /// A file, or a folder not yet looked into.
    private struct Item {
        /// The object's key, or what the keys of everything in the folder begin with.
        let key: [UInt8]
        /// Names from the bucket's folder on.
        let names: [FileName]
        let isFolder: Bool
        var stamp: FileStamp?
    }

    private let prefix: [UInt8]
    private let after: [UInt8]?
    private let limit: Int
    /// What is still to come, the next one last.
    private var waiting: [Item]

    init(prefix: String, after: String?, limit: Int) {
        self.prefix = Array(prefix.utf8)
        self.after = after.map { Array($0.utf8) }
        self.limit = limit
        waiting = [Item(key: [], names: [], isFolder: true)]
    }

    /// The objects after `after` whose keys begin with `prefix`, `limit` of them at most.
    mutating func page(of bucket: borrowing Folder) throws(BackendError) -> Page<ObjectSummary> {
        var found: [ObjectSummary] = []
        while let item = waiting.popLast() {
            if item.isFolder {
                waiting += try children(of: item, in: bucket).reversed()
            } else if let stamp = item.stamp {
                guard found.count < limit else { return Page(items: found, next: found.last?.key) }
                found.append(
                    ObjectSummary(
                        key: String(decoding: item.key, as: UTF8.self),
                        byteCount: stamp.byteCount,
                        eTag: stamp.eTag,
                        modified: stamp.modificationDate
                    )
                )
            }
        }
        return Page(items: found, next: nil)
    }

    /// What is in a folder and belongs to the page, in the order of the keys.
    private func children(of item: Item, in bucket: borrowing Folder) throws(BackendError) -> [Item] {
        guard var folder = try bucket.folder([0x2E]) else { return [] }
        for name in item.names {
            // Somebody may have removed it since its parent was read.
            guard let next = try folder.folder(name) else { return [] }
            folder = next
        }
        var items: [Item] = []
        try collect(from: folder, pieces: [], below: item, into: &items)
        items.sort { first, second in
            // Of two files with one key the one of the plain name, the shorter one, comes first.
            first.key == second.key
                ? first.names.last!.count < second.names.last!.count
                : first.key.lexicographicallyPrecedes(second.key)
        }
        return try firstOfEachKey(items, in: folder)
    }

    /// Leaves out what has gone, and files that the page has no room for.
    private func firstOfEachKey(
        _ items: [Item],
        in folder: borrowing Folder
    ) throws(BackendError) -> [Item] {
        var kept: [Item] = []
        var fileCount = 0
        for var item in items where fileCount <= limit {
            if kept.last.map({ $0.key == item.key }) ?? false { continue }
            if !item.isFolder, item.stamp == nil {
                guard let stamp = try folder.stamp(of: item.names.last!), stamp.isFile else { continue }
                item.stamp = stamp
            }
            if !item.isFolder { fileCount += 1 }
            kept.append(item)
        }
        return kept
    }

    /// Adds what is in `folder`, and what is in folders that continue one of its names.
    private func collect(
        from folder: borrowing Folder,
        pieces: [FileName],
        below item: Item,
        into items: inout [Item]
    ) throws(BackendError) {
        for entry in try folder.entries() where entry.kind != .other {
            let isFolder = entry.kind == .folder
            if isFolder, entry.name.suffix(2) == ObjectPath.continued[...] {
                guard let rest = try folder.folder(entry.name), pieces.count < 16 else { continue }
                try collect(from: rest, pieces: pieces + [entry.name], below: item, into: &items)
                continue
            }
            let isBeside = !isFolder && entry.name.suffix(2) == ObjectPath.besideFolder[...]
            let name = isBeside ? entry.name.dropLast(2) : entry.name
            guard let segment = ObjectPath.segment(of: pieces + [name]),
                String(validating: segment, as: UTF8.self) != nil
            else { continue }
            var new = Item(
                key: item.key + segment + (isFolder ? [UInt8(ascii: "/")] : []),
                names: item.names + pieces + [entry.name],
                isFolder: isFolder
            )
            guard isWanted(new) else { continue }
            // A file of a continued name is examined here, because its folder is open here.
            if !isFolder, !pieces.isEmpty { new.stamp = try folder.stamp(of: entry.name) }
            items.append(new)
        }
    }

    private func isWanted(_ item: Item) -> Bool {
        let key = item.key
        guard item.isFolder else {
            return 1...1024 ~= key.count && key.starts(with: prefix)
                && (after.map { $0.lexicographicallyPrecedes(key) } ?? true)
        }
        return key.count < 1024 && (key.starts(with: prefix) || prefix.starts(with: key))
            && (after.map { $0.starts(with: key) || $0.lexicographicallyPrecedes(key) } ?? true)
    }
}
