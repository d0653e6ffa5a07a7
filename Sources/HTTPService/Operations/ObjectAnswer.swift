internal import AWSSignature
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Jobs
internal import NIOCore

/// Sends an object, or a part of it, in pieces.
struct ObjectAnswer: Sendable {
    private static let pieceSize: Int64 = 1 << 20
    private static let types: [String: String] = [
        "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm",
        "mkv": "video/x-matroska", "avi": "video/x-msvideo", "ts": "video/mp2t", "3gp": "video/3gpp",
        "m4a": "audio/mp4", "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac",
        "m3u8": "application/vnd.apple.mpegurl",
    ]

    let objects: any ObjectStore
    let location: ObjectLocation

    func answer(to request: Request) async throws(BackendError) -> Response {
        let info = try await objects.head(location)
        let eTag = "\"\(info.eTag)\""
        var headers = headers(info, eTag)
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",")
            .map { $0.trimmingCharacters(in: .whitespaces) }
        if known.contains(eTag) || known == ["*"] { return Response(status: .notModified, headers: headers) }
        // A part of another version is of no use to anybody.
        let condition = request.headers[.ifRange]
        let range = condition == nil || condition == eTag ? request.headers[.range] : nil
        switch ByteRange(range, byteCount: info.byteCount) {
        case .whole:
            return Response(status: .ok, headers: headers, body: body(0..<info.byteCount, info.eTag))
        case .part(let part):
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(info.byteCount)"
            return Response(status: .partialContent, headers: headers, body: body(part, info.eTag))
        case .unsatisfiable:
            headers[.contentRange] = "bytes */\(info.byteCount)"
            headers[.contentType] = nil
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
    }

    private func body(_ range: Range<Int64>, _ eTag: String) -> ResponseBody {
        let (objects, location) = (objects, location)
        return ResponseBody(contentLength: range.count) { writer in
            var next = range.lowerBound
            while next < range.upperBound {
                let end = min(range.upperBound, next + Self.pieceSize)
                // Of the same version, or the answer breaks off.
                let data = try await objects.read(location, range: next..<end, eTag: eTag)
                guard Int64(data.count) == end - next else {
                    throw BackendError(.conflict, "\(location) became shorter")
                }
                try await writer.write(ByteBuffer(bytes: data))
                next = end
            }
            try await writer.finish(nil)
        }
    }

    private func headers(_ info: ObjectInfo, _ eTag: String) -> HTTPFields {
        let name = location.key.split(separator: "/").last.map(String.init) ?? "video"
        let type = Self.type(info.contentType, name)
        return [
            .acceptRanges: "bytes", .eTag: eTag, .contentType: type ?? "application/octet-stream",
            .cacheControl: "private, no-cache",
            // Only what cannot be a page is shown.
            .contentDisposition:
                "\(type == nil ? "attachment" : "inline"); filename*=UTF-8''\(PercentEncoding.encode(name))",
        ]
    }

    /// A type of video or sound; `nil` for everything else.
    private static func type(_ stored: String?, _ name: String) -> String? {
        if let stored, stored.wholeMatch(of: #/(?:video|audio)\/[A-Za-z0-9.+\-]{1,64}/#) != nil {
            return stored
        }
        guard let dot = name.lastIndex(of: ".") else { return nil }
        return types[name[name.index(after: dot)...].lowercased()]
    }
}
