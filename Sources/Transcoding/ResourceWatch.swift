internal import FFmpeg
internal import Foundation

/// Compares what a run has used with what its limits allow.
struct ResourceWatch: Sendable {
    private let limits: IngestLimits
    private let name: String
    private let renditions: Double
    private let start = ProcessInfo.processInfo.systemUptime
    private let startCPU = ResourceWatch.cpuSeconds()

    /// Allows as much time as so many renditions would be allowed one after the other.
    init(limits: IngestLimits, name: String, renditions: Int = 1) {
        self.limits = limits
        self.renditions = Double(renditions)
        self.name = name
    }

    var wallSeconds: Double { ProcessInfo.processInfo.systemUptime - start }
    var usedCPUSeconds: Double { ResourceWatch.cpuSeconds() - startCPU }

    /// Refuses what an input known to last `seconds` by now does not justify.
    ///
    /// `waited` are the seconds for which its bytes, or its output's, were on their way.
    func check(seconds: Double, waited: Double = 0) throws(TranscodingError) {
        let wall = limits.wallSecondsBase + limits.wallSecondsPerSecond * seconds * renditions
        if wallSeconds - waited > wall {
            throw .limit("wallSecondsPerSecond", "\(name) took over \(Int(wall)) s")
        }
        let cpu = limits.cpuSecondsBase + limits.cpuSecondsPerSecond * seconds * renditions
        if usedCPUSeconds > cpu {
            throw .limit("cpuSecondsPerSecond", "\(name) took over \(Int(cpu)) CPU seconds")
        }
        if ResourceWatch.residentBytes() > limits.maxResidentBytes {
            throw .limit(
                "maxResidentBytes",
                "\(name) needs over \(limits.maxResidentBytes >> 20) MiB of memory"
            )
        }
    }

    static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Opened once, because a process may have lost the right to open files by the time it asks.
    private static let statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)

    static func residentBytes() -> Int64 {
        let text = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let got = pread(statm, buffer.baseAddress, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, got)), as: UTF8.self)
        }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int64(fields[1]) ?? 0) * Int64(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
