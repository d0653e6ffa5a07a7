internal import Foundation

/// What was found damaged in an input that nevertheless could be decoded.
///
/// Decoders conceal: they return a picture and success for a packet of which half is missing. So this counts
/// what they and the demuxer refused, flagged, logged as an error or silently left out.
public struct InputDamage: Sendable, Codable, Equatable, CustomStringConvertible {
    /// Packets of pictures that were refused or decoded with errors, and pictures with concealed errors.
    public var pictureErrors = 0
    /// Pictures that the container holds and the decoder left out after the first.
    public var lostPictures = 0
    /// Errors before the first picture, of a recording that begins in the middle of a GOP; no reason to refuse it.
    public var leadingErrors = 0
    /// Packets of sound that were refused or decoded with errors.
    public var soundErrors = 0
    /// Packets that the container's index promises and that could not be read, packets that the demuxer
    /// flagged, clocks that ran backwards, and errors in the container's own structure.
    public var containerErrors = 0
    /// Seconds that the container promises beyond what was decoded.
    public var missingSeconds = 0.0
    /// Why reading ended before the end, in libav's words.
    public var readFailure: String?
    /// Whether it is little enough to go unrefused.
    public var isTolerable = true

    /// No damage.
    public init() {}

    /// Whether anything was found at all.
    public var isEmpty: Bool {
        leadingErrors == 0 && pictureErrors == 0 && lostPictures == 0 && soundErrors == 0
            && containerErrors == 0
            && missingSeconds == 0 && readFailure == nil
    }

    /// All that was found, for people.
    public var description: String {
        var parts: [String] = []
        func add(_ count: Int, _ one: String, _ many: String) {
            if count > 0 { parts.append("\(count) \(count == 1 ? one : many)") }
        }
        add(pictureErrors, "picture has errors", "pictures have errors")
        add(lostPictures, "picture is lost", "pictures are lost")
        add(
            leadingErrors,
            "picture cannot be decoded at the start",
            "pictures cannot be decoded at the start"
        )
        add(soundErrors, "packet of sound has errors", "packets of sound have errors")
        add(containerErrors, "error in the container", "errors in the container")
        if missingSeconds > 0 { parts.append(String(format: "%.2f s are missing", missingSeconds)) }
        if let readFailure { parts.append("reading broke off (\(readFailure))") }
        return parts.isEmpty ? "no damage" : parts.joined(separator: ", ")
    }

    /// The damage of two inputs together; intolerable when that of one is.
    static func + (first: InputDamage, second: InputDamage) -> InputDamage {
        var sum = first
        sum.pictureErrors += second.pictureErrors
        sum.lostPictures += second.lostPictures
        sum.leadingErrors += second.leadingErrors
        sum.soundErrors += second.soundErrors
        sum.containerErrors += second.containerErrors
        sum.missingSeconds += second.missingSeconds
        sum.readFailure = first.readFailure ?? second.readFailure
        sum.isTolerable = first.isTolerable && second.isTolerable
        return sum
    }
}

/// The counts from which the damage of one input is judged, as a pure rule.
struct DamageTally {
    /// Pictures that were decoded.
    var pictureCount = 0
    var pictureErrors = 0
    var lostPictures = 0
    var leadingErrors = 0
    /// Packets of sound that were decoded.
    var soundCount = 0
    var soundErrors = 0
    var container = PacketWatch.Finding()
    /// Seconds that the container promises, and those that were decoded; of pictures and sound in turn.
    var promises: [(promised: Double, reached: Double)] = []
    /// Whether the container states its durations exactly, rather than from its bit rate.
    var isExact = true
    var readFailure: String?

    /// Missing seconds that go unmentioned: half a picture here, a block of sound there.
    static let exactSlack = 0.06
    static let estimatedSlack = 0.25

    /// Tolerable are 2 errors or one in 200 pictures, 3 or one in 100 packets of sound, and half a second or
    /// 2 % of missing time.
    var damage: InputDamage {
        var damage = InputDamage()
        damage.pictureErrors = pictureErrors
        damage.lostPictures = lostPictures
        damage.leadingErrors = leadingErrors
        damage.soundErrors = soundErrors
        damage.containerErrors = container.errorCount
        damage.readFailure = readFailure
        let slack = isExact ? DamageTally.exactSlack : DamageTally.estimatedSlack
        var isLong = true
        for (promised, reached) in promises where promised - reached > slack {
            damage.missingSeconds = max(damage.missingSeconds, promised - reached)
            if promised - reached > max(0.5, promised * 0.02) { isLong = false }
        }
        damage.isTolerable =
            isLong && readFailure == nil
            && pictureErrors + lostPictures <= max(2, pictureCount / 200)
            && soundErrors <= max(3, soundCount / 100)
            && container.missingPackets <= max(2, container.packetCount / 200)
        return damage
    }
}
