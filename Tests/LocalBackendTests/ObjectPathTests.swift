import Foundation
import Testing

@testable import LocalBackend

@Suite("Where an object's file is")
struct ObjectPathTests {
    private static func path(_ key: String) -> String {
        let path = ObjectPath(key: key)
        return (path.folders + [path.name]).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    @Test(
        "An ordinary key is its own path",
        arguments: [
            "a b+c%2B.mp4", "é€😀.mp4", "input/2024/clip (1).mp4", "100%.mp4", "50%25off.mp4", "%41", "...",
            ".hidden", "a..b/c", "trailing dot.", "trailing space ", " leading", "a\\b", "-rf", "~", "%zz",
            "%",
        ]
    )
    func keepsOrdinaryKeys(key: String) {
        #expect(Self.path(key) == key)
    }

    @Test(
        "What a file name cannot say is escaped",
        arguments: [
            ("../x.mp4", "%../x.mp4"), ("a/./b", "a/%./b"), ("a//b", "a/%_/b"), ("a/", "a/%_"),
            ("/a", "%_/a"),
            (".", "%."), ("..", "%.."), ("a\nb", "a%0Ab"), ("a\0", "a%00"), ("a\u{7F}", "a%7F"),
            ("a%0Ab", "a%250Ab"), ("a%250Ab", "a%25250Ab"), ("%.", "%25."), ("%_", "%25_"), ("x%=", "x%25="),
            ("x%+/y", "x%25+/y"), ("x%25=", "x%2525="), ("%..", "%25.."),
        ]
    )
    func escapesTheRest(key: String, path: String) {
        #expect(Self.path(key) == path)
    }

    @Test("A name of 253 bytes stays one; a longer one becomes several, none longer than 255 bytes")
    func splitsLongNames() {
        #expect(ObjectPath.names(of: Array(repeating: 0x61, count: 253)).count == 1)
        let names = ObjectPath.names(of: Array(repeating: 0x61, count: 254))
        #expect(names.map(\.count) == [255, 2])
        let umlauts = ObjectPath.names(of: Array(String(repeating: "ü", count: 512).utf8))
        #expect(umlauts.allSatisfy { $0.count <= 255 && String(validating: $0, as: UTF8.self) != nil })
        let controls = ObjectPath.names(of: Array(repeating: 7, count: 1024))
        #expect(controls.allSatisfy { $0.count <= 255 })
    }

    @Test("Every key comes back from its path, and no two share one")
    func isReversible() {
        var random = SplitMix(state: 20_240_611)
        // Made of what the escapes are made of, so that they meet in every order.
        let pieces = [
            "%", "25", "0A", "00", "\n", "\0", "+", "=", ".", "..", "_", "a", "é", "\u{7F}", "/", "%25", "7F",
            String(repeating: "x", count: 251), "é".decomposedStringWithCanonicalMapping,
        ]
        var keys: [[UInt8]: [UInt8]] = [:]
        var wrong: [String] = []
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...7, using: &random)
            let key = (0..<count).map { _ in pieces.randomElement(using: &random)! }.joined()
            let path = ObjectPath(key: key)
            let place = Array((path.folders + [path.name]).joined(separator: [0x2F]))
            let other = keys.updateValue(Array(key.utf8), forKey: place)
            let isAlone = other == nil || other == Array(key.utf8)
            let segments = key.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).map { Array($0) }
            if !isAlone || !segments.allSatisfy(Self.comesBack) { wrong.append(key) }
        }
        #expect(wrong.isEmpty)
        #expect(keys.count > 10_000)
    }

    private static func comesBack(_ segment: [UInt8]) -> Bool {
        let names = ObjectPath.names(of: segment)
        let areNames = names.allSatisfy { name in
            1...255 ~= name.count && !name.contains(0x2F) && !name.contains { $0 < 0x20 || $0 == 0x7F }
                && name != Array(".".utf8) && name != Array("..".utf8)
        }
        return areNames && ObjectPath.segment(of: names) == segment
    }

    @Test("A name that no key is given belongs to none", arguments: ["a\nb", "", ".", "..", "x%=", "+"])
    func refusesForeignNames(name: String) {
        let segment = ObjectPath.segment(of: [Array(name.utf8)])
        #expect(segment == (name == "+" ? Array("+".utf8) : nil))
    }
}

/// Random numbers that are the same every time (Steele, Lea and Flood, 2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
