/// Where below its bucket's folder the file of an object key is, and back.
///
/// An ordinary key is its own relative path. What a file name cannot say is written with `%`:
///
/// | in the key | in the file's path |
/// |---|---|
/// | a control character | `%` and two hexadecimal digits |
/// | a segment that is empty, `.` or `..` | `%_`, `%.` or `%..` |
/// | a segment longer than a file name may be | a folder `…%+` that holds the rest, `+…` |
/// | a file whose name a folder has already | the name and `%=` |
/// | `%` before what reads like one of these | `%25` |
///
/// So `100%.mp4` and `a%2Fb.mp4` stay what they are. No two keys share a path, and none leaves the bucket.
struct ObjectPath: Equatable {
    /// Names from the bucket's folder down to the one that holds the file.
    let folders: [[UInt8]]
    /// The file's name, unless a folder has it.
    let name: [UInt8]

    /// The file's name where a folder is called `name`, because the key is also the beginning of others.
    var nameBesideFolder: [UInt8] { name + Self.besideFolder }

    init(key: String) {
        let segments = key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var names = segments.flatMap { Self.names(of: Array($0)) }
        name = names.removeLast()
        folders = names
    }

    static let besideFolder = Array("%=".utf8)
    static let continued = Array("%+".utf8)
    private static let continuation = UInt8(ascii: "+")
    /// What Linux allows in a file name, less the two bytes of a mark at its end.
    private static let longestName = 253

    /// The names that a segment of a key becomes: one, or more when it is too long for one.
    static func names(of segment: [UInt8]) -> [[UInt8]] {
        var rest = escaped(segment)[...]
        var names: [[UInt8]] = []
        var start: [UInt8] = []
        while start.count + rest.count > longestName {
            var end = rest.startIndex + longestName - start.count
            // A name is text of its own: no character is cut in two.
            while rest[end] & 0xC0 == 0x80 { end -= 1 }
            names.append(start + rest[..<end] + continued)
            rest = rest[end...]
            start = [continuation]
        }
        return names + [start + rest]
    }

    /// The segment whose `names` these are; `nil` when they are no segment's.
    ///
    /// The last one is without `besideFolder`.
    static func segment(of names: [[UInt8]]) -> [UInt8]? {
        // Nearly all names are like this, and listings have many.
        if names.count == 1, isPlain(names[0]) { return names[0] }
        var joined: [UInt8] = []
        for (index, name) in names.enumerated() {
            guard index == 0 || name.first == continuation else { return nil }
            joined += name.dropFirst(index == 0 ? 0 : 1).dropLast(index == names.count - 1 ? 0 : 2)
        }
        let segment = unescaped(joined)
        // Names that nobody would be given, such as one with a line break, are nobody's.
        return Self.names(of: segment) == names ? segment : nil
    }

    // MARK: - Escapes

    private static let percent = UInt8(ascii: "%")
    private static let whole: [(segment: [UInt8], code: [UInt8])] = [
        ([], Array("_".utf8)), (Array(".".utf8), Array(".".utf8)), (Array("..".utf8), Array("..".utf8)),
    ]
    private static let escapedPercent = Array("25".utf8)

    /// Whether a name or a segment has nothing in it that an escape is made of or made for.
    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        1...longestName ~= bytes.count && bytes != [UInt8(ascii: ".")] && bytes != Array("..".utf8)
            && !bytes.contains { $0 == percent || isControl($0) }
    }

    private static func escaped(_ segment: [UInt8]) -> [UInt8] {
        if let special = whole.first(where: { $0.segment == segment }) { return [percent] + special.code }
        var escaped: [UInt8] = []
        for (index, byte) in segment.enumerated() {
            if isControl(byte) {
                escaped += [percent] + hexadecimal(byte)
            } else {
                escaped.append(byte)
                let rest = segment[(index + 1)...]
                if byte == percent, isCode(rest, isFirst: index == 0) { escaped += escapedPercent }
            }
        }
        return escaped
    }

    private static func unescaped(_ name: [UInt8]) -> [UInt8] {
        if name.first == percent, let special = whole.first(where: { $0.code[...] == name.dropFirst() }) {
            return special.segment
        }
        var segment: [UInt8] = []
        var rest = name[...]
        while let byte = rest.popFirst() {
            if byte == percent, let control = controlCode(rest) {
                segment.append(control)
                rest = rest.dropFirst(2)
            } else {
                let isFirst = rest.startIndex == name.startIndex + 1
                if byte == percent, isCode(rest, isFirst: isFirst) { rest = rest.dropFirst(2) }
                segment.append(byte)
            }
        }
        return segment
    }

    /// Whether `%` before `rest` reads like an escape, however often it was escaped before.
    ///
    /// Each time adds one `25`, so that what looks escaped has a name of its own, too.
    private static func isCode(_ rest: ArraySlice<UInt8>, isFirst: Bool) -> Bool {
        var rest = rest
        while rest.starts(with: escapedPercent) { rest = rest.dropFirst(2) }
        let isMark = rest.count == 1 && (rest.first == continuation || rest.first == UInt8(ascii: "="))
        let isWhole = isFirst && whole.contains { $0.code[...] == rest }
        return isMark || isWhole || controlCode(rest) != nil
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    private static func controlCode(_ rest: ArraySlice<UInt8>) -> UInt8? {
        let text = String(decoding: rest.prefix(2), as: UTF8.self)
        guard let byte = UInt8(text, radix: 16), isControl(byte) else { return nil }
        return rest.starts(with: hexadecimal(byte)) ? byte : nil
    }

    private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
