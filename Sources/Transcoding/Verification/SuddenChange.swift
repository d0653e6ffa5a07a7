/// Picks the picture of a group in which something appears that the next keyframe takes away again.
///
/// So looks a picture that was decoded from damaged bytes: what it got wrong is referred to by the pictures that
/// follow, and gone with the next one that refers to none. So look some cuts and flashes, too.
enum SuddenChange {
    /// A picture of the group in the order in which they are shown.
    struct Picture {
        var pts: Int64
        /// How much each cell differs from the picture before; `nil` for the first of all.
        var change: [UInt8]?
    }

    /// By how much more than three times what is usual in the group a cell has to change, of 255.
    private static let step = 10

    /// The number of the picture that changes most; `nil` where nothing is sudden.
    ///
    /// The group begins with a keyframe. `next` is how much each cell of the keyframe that follows differs from
    /// the group's last picture, `nil` at the end of the stream.
    static func find(_ group: [Picture], next: [UInt8]?) -> Int? {
        let usual = usual(group)
        let areRestored = next.map { next in usual.indices.map { isSudden(next, $0, usual) } }
        if let areRestored, !areRestored.contains(true) { return nil }
        var (best, most) = (nil as Int?, 0)
        for (number, picture) in group.enumerated() {
            guard let change = picture.change else { continue }
            var sum = 0
            for cell in usual.indices where areRestored?[cell] ?? true {
                if isSudden(change, cell, usual) { sum += Int(change[cell]) }
            }
            if sum > most { (best, most) = (number, sum) }
        }
        return best
    }

    /// The median change of each cell after the keyframe.
    private static func usual(_ group: [Picture]) -> [Int] {
        let changes = group.dropFirst().compactMap(\.change)
        guard let count = changes.first?.count ?? group.first?.change?.count else { return [] }
        return (0..<count).map { cell in
            let sorted = changes.map { Int($0[cell]) }.sorted()
            return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        }
    }

    private static func isSudden(_ change: [UInt8], _ cell: Int, _ usual: [Int]) -> Bool {
        cell < change.count && Int(change[cell]) >= step + 3 * usual[cell]
    }
}
