internal import ArgumentParser
internal import Foundation

/// A document of which a part is written by a program.
struct ReportFile {
    private static let begin = "<!-- recast bench -->"
    private static let end = "<!-- end of recast bench -->"

    private let path: String

    init(_ path: String) { self.path = path }

    /// Puts `text` between the lines that mark the place; they come last where there are none yet.
    func put(_ text: String) throws(MeasuredProcess.Failure) {
        let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let new = ReportFile.document(old, with: text)
        do { try Data(new.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
            throw MeasuredProcess.Failure(message: "\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// The document with `text` in the marked place.
    static func document(_ old: String, with text: String) -> String {
        let part = "\(begin)\n\n\(text)\n\(end)"
        guard let first = old.range(of: begin),
            let last = old.range(of: end, range: first.upperBound..<old.endIndex)
        else {
            return old + (old.isEmpty ? "" : "\n") + part + "\n"
        }
        return old.replacingCharacters(in: first.lowerBound..<last.upperBound, with: part)
    }
}

/// What measurements were made on.
enum Machine {
    /// Processor, cores, memory, system, program and day, in a sentence.
    static var description: String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_GB")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "d MMMM yyyy"
        let information = ProcessInfo.processInfo
        let memory = Double(information.physicalMemory) / Double(1 << 30)
        return "Measured on \(formatter.string(from: Date())): \(information.activeProcessorCount) cores of "
            + "\(value("model name", in: "/proc/cpuinfo", ":") ?? "an unknown processor"), "
            + String(format: "%.0f GiB, ", memory)
            + "\(value("PRETTY_NAME", in: "/etc/os-release", "=") ?? information.operatingSystemVersionString), "
            + "recast \(Recast.configuration.version)."
    }

    private static func value(_ key: String, in path: String, _ separator: Character) -> String? {
        guard let data = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() else {
            return nil
        }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: separator, maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == key else { continue }
            return parts[1].trimmingCharacters(in: CharacterSet(charactersIn: " \"\t"))
        }
        return nil
    }
}
