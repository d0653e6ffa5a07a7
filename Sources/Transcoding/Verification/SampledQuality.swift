/// The SSIM of the windows of an output, as one number.
struct SampledQuality {
    private var windows: [(seconds: Double, sum: Double, count: Int)] = []

    /// Adds a picture of the window that began at `seconds`, the last one or one later than all before it.
    mutating func add(_ ssim: Double, at seconds: Double) {
        if let last = windows.indices.last, windows[last].seconds == seconds {
            windows[last].sum += ssim
            windows[last].count += 1
        } else {
            windows.append((seconds, ssim, 1))
        }
    }

    /// The mean, where each window counts for the time to which it is the nearest; `nil` without windows.
    ///
    /// The windows lie closer at the start, which would otherwise count for more than its share.
    func mean(until end: Double) -> Double? {
        let windows = windows.sorted { $0.seconds < $1.seconds }
        guard let first = windows.first, let last = windows.last else { return nil }
        var sum = 0.0
        var total = 0.0
        for (index, window) in windows.enumerated() {
            let before = index > 0 ? windows[index - 1].seconds : -first.seconds
            let after =
                index + 1 < windows.count
                ? windows[index + 1].seconds : 2 * max(end, last.seconds) - last.seconds
            let weight = (after - before) / 2
            sum += window.sum / Double(window.count) * weight
            total += weight
        }
        // A single picture lasts no time at all.
        return total > 0 ? sum / total : first.sum / Double(first.count)
    }
}
