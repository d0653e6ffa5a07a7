internal import Foundation
internal import Glibc

/// The pages of the program's own file and its libraries'.
enum ProgramPages {
    private static let delay = Duration.seconds(3)

    /// Gives back, once the start is over, the pages that it alone needed.
    ///
    /// Loading a hundred libraries touches some 60 MB of files, of which a service that waits needs little;
    /// what is needed again is read from the kernel's cache.
    static func releaseSoon() {
        Task.detached {
            try? await Task.sleep(for: delay)
            release()
        }
    }

    private static func release() {
        // First all of them, and then no more code than it takes: what runs comes back at once.
        for range in unchanged() {
            _ = madvise(
                UnsafeMutableRawPointer(bitPattern: range.lowerBound),
                range.count,
                MADV_DONTNEED
            )
        }
    }

    /// Where memory is just as it is in the file: the kernel calls all other pages anonymous.
    private static func unchanged() -> [Range<UInt>] {
        // Not at once by its path: the size that the kernel states is 0.
        guard let data = try? FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd() else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        var ranges: [Range<UInt>] = []
        var current: Range<UInt>?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            if let mapping = mapping(fields) {
                current = mapping.isFixed ? mapping.range : nil
            } else if fields.first == "Anonymous:", fields.count > 1, fields[1] == "0", let current {
                ranges.append(current)
            }
        }
        return ranges
    }

    /// Reads the first line of a mapping (proc(5)), such as `7f00-7f10 r-xp 0000 fe:00 42 /lib/x.so`.
    private static func mapping(_ fields: [Substring]) -> (range: Range<UInt>, isFixed: Bool)? {
        guard let bounds = fields.first?.split(separator: "-"), bounds.count == 2, fields.count >= 5,
            let start = UInt(bounds[0], radix: 16), let end = UInt(bounds[1], radix: 16), start < end
        else { return nil }
        let isFile = fields.count > 5 && fields[5].hasPrefix("/")
        return (start..<end, isFile && (fields[1] == "r-xp" || fields[1] == "r--p"))
    }
}
