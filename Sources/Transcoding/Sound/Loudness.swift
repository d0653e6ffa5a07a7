/// How loud sound may be.
enum Loudness {
    /// The largest true peak that a limiter lets through: -1.5 dB, because encoding may add a little.
    static let ceiling: Float = 0.8414
}
