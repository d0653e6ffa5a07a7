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

    /// By how much more than three times what is usual in the group a cell has to change, of 255: where the next
    /// keyframe changes it again, and at the end of the stream.
    private static let (step, lastStep) = (10, 24)
    /// So many cells have to change: entropy decoding goes wrong from some place to the end of a slice.
    private static let fewest = 6

    /// The number of the picture that changes most; `nil` where nothing is sudden.
    ///
    /// The group begins with a keyframe. `next` is how much each cell of the keyframe that follows differs from
    /// the group's last picture, `nil` at the end of the stream.
    static func find(_ group: [Picture], next: [UInt8]?) -> Int? {
        let all = usual(group.dropFirst())
        let cells =
            next.map { next in all.indices.filter { isSudden(next, $0, all, step) } } ?? Array(all.indices)
        var (best, most) = (nil as Int?, 0)
        for (number, picture) in group.enumerated() {
            guard let change = picture.change else { continue }
            let sudden = cells.filter { isSudden(change, $0, all, next == nil ? lastStep : step) }
            // At the end of a stream nothing tells a cut from damage but how much of the picture changes.
            guard sudden.count >= fewest, next != nil || sudden.count <= all.count * 3 / 4 else { continue }
            let sum = sudden.reduce(0) { $0 + Int(change[$1]) }
            if sum > most { (best, most) = (number, sum) }
        }
        guard let best, let next else { return best }
        // Behind a cut other things move than before it.
        let since = usual(group.dropFirst(max(1, best + 1)))
        let isRestored = cells.filter { since.isEmpty || isSudden(next, $0, since, step) }.count >= fewest
        return isRestored ? best : nil
    }

    /// The median change of each cell; empty without pictures.
    private static func usual(_ pictures: ArraySlice<Picture>) -> [Int] {
        let changes = pictures.compactMap(\.change)
        guard let count = changes.first?.count else { return [] }
        return (0..<count).map { cell in changes.map { Int($0[cell]) }.sorted()[changes.count / 2] }
    }

    private static func isSudden(_ change: [UInt8], _ cell: Int, _ usual: [Int], _ step: Int) -> Bool {
        cell < change.count && Int(change[cell]) >= step + 3 * usual[cell]
    }
}
