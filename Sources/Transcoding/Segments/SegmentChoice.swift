/// Whether the pictures of an output are encoded in ranges of the input, side by side.
///
/// Ranges begin at keyframes and last 10 seconds or more. The output does not depend on how many are encoded
/// at the same time. It is another one than without ranges: encoders decide in each of them anew.
public enum SegmentChoice: Sendable, Equatable, Codable {
    /// Where cores would be idle otherwise: where eight or more can be made side by side.
    case automatic
    /// Never.
    case off
    /// In so many ranges, as far as keyframes and the least length allow.
    case count(Int)
}

/// How the pictures of an output were made in ranges, or why they were not.
public struct SegmentUse: Sendable, Equatable, Codable {
    /// Ranges; 1 where the pictures were made as a whole.
    public var count: Int
    /// Ranges that were encoded at the same time.
    public var workers: Int
    /// Ranges that an earlier run had finished.
    public var keptCount: Int
    /// Why the pictures were made as a whole, for people; `nil` where they were not.
    public var reason: String?
}
