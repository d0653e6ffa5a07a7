internal import AWSSignature
internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import Jobs
internal import Logging

/// Gives the page the forms by which it uploads.
package struct UploadFormRoutes: RouteGroup {
    private struct Question: Decodable {
        let name: String
        let type: String?
        let size: Int64
    }

    private let context: ServiceContext
    private let settings: SiteSettings
    private let sessions: Sessions

    package init(_ context: ServiceContext, settings: SiteSettings, sessions: Sessions) {
        self.context = context
        self.settings = settings
        self.sessions = sessions
    }

    package func add(to router: Router<ServiceRequestContext>) {
        router.post("/api/uploads") { request, context -> Response in
            guard try await sessions.user(request, context) != nil else { return .unauthorized }
            if let refusal = sessions.refusal(ofChange: request) { return refusal }
            do {
                return try await form(request, context)
            } catch let error as BackendError {
                return SiteRoutes.answer(to: error, context, cors: false)
            }
        }
    }

    private func form(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: 64 << 10)
        guard let question = try? JSONDecoder().decode(Question.self, from: Data(body.readableBytesView))
        else {
            return .failure(.badRequest, "The body must be JSON with name and size")
        }
        guard question.size > 0 else { return .failure(.badRequest, "The file is empty.") }
        guard question.size <= settings.maximumUploadSize else {
            let most = Self.words(settings.maximumUploadSize)
            return .failure(
                .badRequest,
                "The file is too large: it has \(Self.words(question.size)), and \(most) are allowed."
            )
        }
        guard let origin = RequestOrigin.of(request, publicURL: settings.publicURL) else {
            return .failure(.badRequest, "The Host header is missing or is none")
        }
        let name = UploadName.safe(question.name)
        let key = prefix + "uploads/0/\(SiteRoutes.salt().prefix(12))/\(name)"
        if let refusal = refusal(key) { return .failure(.badRequest, refusal) }
        let type = question.type.flatMap { Self.isVideo($0) ? $0 : nil } ?? "video/mp4"
        let policy = PostPolicy(
            bucket: settings.bucket,
            key: .equals(key),
            byteCount: question.size...question.size,
            contentType: .equals(type),
            expires: self.context.now().addingTimeInterval(SiteSettings.formLifetime)
        )
        let form = try await self.context.uploads.form(for: policy, origin: origin)
        return Self.answer(form, key)
    }

    /// A number of bytes as people read it, with one decimal: `1.5 GB`.
    static func words(_ byteCount: Int64) -> String {
        let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(byteCount)
        var index = 0
        // What would be rounded to 1000.0 belongs to the next unit.
        while value >= (index == 0 ? 1000 : 999.95), index < units.count - 1 {
            value /= 1000
            index += 1
        }
        return index == 0 ? "\(byteCount) bytes" : String(format: "%.1f %@", value, units[index])
    }

    private static func answer(
        _ form: (url: String, fields: [(name: String, value: String)]),
        _ key: String
    ) -> Response {
        SiteAnswer.json(
            .members([
                "url": .string(form.url), "key": .string(key),
                "fields": .object(
                    form.fields.map { JSONText.Member(name: $0.name, value: .string($0.value)) }
                ),
            ])
        )
    }

    /// What keys must begin with for a pipeline to take them.
    private var prefix: String {
        let readers = context.pipelines.filter { $0.takesEvents && $0.inputBucket == settings.bucket }
        return readers.map(\.inputPrefix).min { $0.utf8.count < $1.utf8.count } ?? ""
    }

    /// Why no job would come of an upload; `nil` when one will.
    private func refusal(_ key: String) -> String? {
        let event = ObjectEvent(bucket: settings.bucket, key: key)
        guard case .ignored(let reason) = IntakeRules.decide(event, pipelines: context.pipelines) else {
            return nil
        }
        return "Nothing would be done with this file: \(reason.reason)"
    }

    private static func isVideo(_ type: String) -> Bool {
        type.wholeMatch(of: #/video/[A-Za-z0-9!#$&^_.+-]{1,100}/#) != nil
    }
}

/// The name of a file as the last part of an object key.
enum UploadName {
    private static let longest = 150

    /// The name without folders, controls and what Amazon advises to keep out of keys; never empty.
    static func safe(_ name: String) -> String {
        let base = name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        var safe = String.UnicodeScalarView()
        for scalar in base.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate, .format: continue
            default: safe.append(#"\<>{}[]^%`"~#|$"#.unicodeScalars.contains(scalar) ? "_" : scalar)
            }
        }
        let text = String(safe).trimmingCharacters(in: .whitespaces)
        guard !text.isEmpty, text != ".", text != ".." else { return "video" }
        return shortened(text)
    }

    /// Shortens the stem, for the extension tells people what it was.
    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > longest else { return text }
        let dot = text.lastIndex(of: ".")
        let ending = dot.map { String(text[$0...]) }.flatMap { $0.utf8.count <= 12 ? $0 : nil } ?? ""
        var stem = text.dropLast(ending.count)
        while stem.utf8.count + ending.utf8.count > longest { stem.removeLast() }
        return stem + ending
    }
}
