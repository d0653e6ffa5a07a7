internal import Foundation

/// Takes an HTML form of the type multipart/form-data apart as its bytes come (RFC 7578, RFC 2046 §5.1).
///
/// Give it bytes with `take`, then ask `next` until it has nothing more to say; `finish` when no bytes are
/// left. Only the part called `file` is passed on in pieces; all else together may have 20 KiB, as with S3.
package struct MultipartForm: Sendable {
    package enum Event: Sendable, Equatable {
        case field(name: String, value: String)
        /// The file begins; the name is the one the form gives it, which may be a path.
        case file(name: String)
        case bytes(ArraySlice<UInt8>)
        /// The file is there as a whole. What may follow is not read.
        case end
    }

    /// Why bytes are no form.
    package enum Fault: Error, Sendable, Equatable {
        case malformed
        /// More than 20 KiB besides the file.
        case tooLong
    }

    private enum Place: Equatable {
        case preamble, delimiter, headers, file, end
        case field(String)
    }

    package static let longestRest = 20 << 10

    /// The line that stands between parts, with the line break before it.
    private let delimiter: [UInt8]
    private var place = Place.preamble
    /// What was taken and, from `start` on, is not used up yet.
    ///
    /// The break before the first line is implied.
    private var buffer: [UInt8] = Array("\r\n".utf8)
    private var start = 0
    /// Bytes used up that are no file's.
    private var restCount = -2

    /// Reads a form whose `Content-Type` header is `contentType`; `nil` when it announces none.
    package init?(contentType: String) {
        guard let boundary = Self.boundary(contentType) else { return nil }
        delimiter = Array("\r\n--".utf8) + boundary
    }

    /// Adds bytes to what is to be read.
    package mutating func take(_ bytes: some Collection<UInt8>) {
        guard place != .end else { return }
        buffer.removeFirst(start)
        start = 0
        buffer += bytes
    }

    /// The next thing found in the form; `nil` when that takes further bytes.
    package mutating func next() throws(Fault) -> Event? {
        while true {
            let before = place
            if let event = try step() { return event }
            if place == before || place == .end { return nil }
        }
    }

    /// Ends the form.
    ///
    /// - Throws: `malformed` when it is not there as a whole.
    package func finish() throws(Fault) {
        guard place == .end else { throw .malformed }
    }

    private mutating func step() throws(Fault) -> Event? {
        switch place {
        case .preamble:
            guard let end = find(delimiter) else {
                try use(max(0, buffer.count - start - delimiter.count + 1))
                return nil
            }
            try use(end - start + delimiter.count)
            place = .delimiter
        case .delimiter: try passDelimiter()
        case .headers: return try readHeaders()
        case .field(let name):
            guard let end = find(delimiter) else {
                try check(buffer.count - start)
                return nil
            }
            guard let value = String(validating: buffer[start..<end], as: UTF8.self) else { throw .malformed }
            try use(end - start + delimiter.count)
            place = .delimiter
            return .field(name: name, value: value)
        case .file: return fileBytes()
        case .end: break
        }
        return nil
    }

    /// Passes what may follow a delimiter in its line; "--" there ends the form, before a file came.
    private mutating func passDelimiter() throws(Fault) {
        guard let end = find(Array("\n".utf8)) else {
            if buffer[start...].starts(with: Array("--".utf8)) { throw .malformed }
            return try check(buffer.count - start)
        }
        let line = buffer[start..<end]
        guard line.last == UInt8(ascii: "\r"), line.dropLast().allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else {
            throw .malformed
        }
        try use(end - start + 1)
        place = .headers
    }

    private mutating func readHeaders() throws(Fault) -> Event? {
        // A part without any header has no name, so the empty line never comes first.
        guard let end = find(Array("\r\n\r\n".utf8)) else {
            try check(buffer.count - start)
            return nil
        }
        guard let text = String(validating: buffer[start..<end], as: UTF8.self),
            let part = FormPart(headers: text)
        else { throw .malformed }
        // An empty body has no line break of its own before the delimiter: there the last one counts twice.
        let isEmpty = buffer[(end + 2)...].starts(with: delimiter)
        try use(end - start + (isEmpty ? 2 : 4))
        if part.name.lowercased() == "file" {
            place = .file
            return .file(name: part.fileName ?? "")
        }
        place = .field(part.name)
        return nil
    }

    private mutating func fileBytes() -> Event? {
        if let end = find(delimiter) {
            let bytes = buffer[start..<end]
            if bytes.isEmpty {
                place = .end
                buffer = []
                start = 0
                return .end
            }
            start = end
            return .bytes(bytes)
        }
        let count = buffer.count - start - delimiter.count + 1
        guard count > 0 else { return nil }
        let bytes = buffer[start..<start + count]
        start += count
        return .bytes(bytes)
    }

    /// Uses up bytes that are no file's.
    private mutating func use(_ count: Int) throws(Fault) {
        try check(count)
        restCount += count
        start += count
    }

    private func check(_ count: Int) throws(Fault) {
        guard restCount + count <= Self.longestRest else { throw .tooLong }
    }

    /// Where `pattern` begins in what is not used up yet.
    private func find(_ pattern: [UInt8]) -> Int? {
        guard let first = pattern.first, buffer.count - start >= pattern.count else { return nil }
        return buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var place = start
            let last = bytes.count - pattern.count
            while place <= last, let found = memchr(base + place, Int32(first), last - place + 1) {
                place = UnsafeRawPointer(found) - base
                if memcmp(found, pattern, pattern.count) == 0 { return place }
                place += 1
            }
            return nil
        }
    }

    private static func boundary(_ contentType: String) -> [UInt8]? {
        let (type, parameters) = HeaderParameters.split(contentType)
        guard type.lowercased() == "multipart/form-data", let boundary = parameters["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { return nil }
        return Array(boundary.utf8)
    }
}
