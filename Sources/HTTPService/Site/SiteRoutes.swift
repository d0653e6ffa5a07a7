internal import AWSSignature
internal import Foundation
internal import HTTPTypes
internal import Hashing
package import Hummingbird
internal import Jobs
internal import Logging

/// The site's own API: what its pages and its clients call.
package struct SiteRoutes: RouteGroup {
    private let context: ServiceContext
    private let accounts: Accounts
    private let settings: SiteSettings

    package init(_ context: ServiceContext, accounts: Accounts, settings: SiteSettings) {
        self.context = context
        self.accounts = accounts
        self.settings = settings
    }

    package func add(to router: Router<ServiceRequestContext>) {
        router.get("/") { _, _ in SiteAnswer.json(.members(["hello": .string("world")])) }
        router.get("/hello") { request, context in
            await answer(request, context) { user, _ in Self.greeting(user) }
        }
        router.get("/videos") { request, context in
            await answer(request, context) { _, query throws(BackendError) in try await videos(query) }
        }
        let form: RouterPath = "/presignedurl/:project/:step"
        router.get(form) { request, context in await uploadForm(request, context) }
        router.on(form, method: .options) { _, _ in SiteAnswer.preflight }
    }

    /// Answers who is who they say they are.
    private func answer(
        _ request: Request,
        _ context: ServiceRequestContext,
        _ body: (_ user: String, _ query: FormQuery) async throws(BackendError) -> Response
    ) async -> Response {
        do throws(BackendError) {
            switch try await accounts.authenticate(authorization: request.headers[.authorization]) {
            case .missing, .malformed: return .unauthorized
            case .denied: return .denied
            case .user(let user):
                context.user = user
                return try await body(user, FormQuery(request.uri.query))
            }
        } catch {
            return Self.answer(to: error, context, cors: false)
        }
    }

    private static func greeting(_ user: String) -> Response {
        SiteAnswer.json(
            .members([
                "hello": .string(user),
                "context": .members(["is_admin": .bool(true), "principalId": .string(user)]),
            ])
        )
    }

    /// What a fault of the storage looks like from outside.
    static func answer(to error: BackendError, _ context: ServiceRequestContext, cors: Bool) -> Response {
        if error.code == .invalid {
            return SiteAnswer.error(.badRequest, "BadRequestError", error.message, cors: cors)
        }
        context.logger.error("the storage failed", metadata: ["error": "\(error)"])
        var answer = SiteAnswer.error(
            .serviceUnavailable,
            "ServiceUnavailableError",
            "The storage does not answer; try again later",
            cors: cors
        )
        let pause = error.retryAfter.flatMap { $0.isFinite ? $0 : nil } ?? 1
        answer.headers[.retryAfter] = String(Int(max(1, min(pause, 3600))))
        return answer
    }

    /// The mail of a query, or the answer to one without.
    private static func mail(_ query: FormQuery, cors: Bool) -> (mail: String, refusal: Response?) {
        let notFound = { SiteAnswer.error(.notFound, "NotFoundError", $0, cors: cors) }
        if query.isEmpty { return ("", notFound("No parameter has been sent")) }
        guard let mail = query["mail"], !mail.isEmpty else { return ("", notFound("mail is empty")) }
        return (mail, nil)
    }

    private static func refused(_ refusal: VideoAddress.Refusal, cors: Bool) -> Response {
        SiteAnswer.error(.badRequest, "BadRequestError", refusal.message, cors: cors)
    }
}

// MARK: - Upload forms

extension SiteRoutes {
    private func uploadForm(_ request: Request, _ context: ServiceRequestContext) async -> Response {
        let (mail, refusal) = Self.mail(FormQuery(request.uri.query), cors: true)
        if let refusal { return refusal }
        do throws(VideoAddress.Refusal) {
            let address = try VideoAddress(
                project: try Self.decoded("project", context),
                step: try Self.decoded("step", context),
                mail: mail
            )
            guard let origin = RequestOrigin.of(request, publicURL: settings.publicURL) else {
                throw VideoAddress.Refusal(message: "the Host header is missing or is none")
            }
            let key = address.objectKey(salt: settings.unguessableKeys ? Self.salt() : nil)
            guard !isOutput(key) else {
                throw VideoAddress.Refusal(message: "project \(address.project) is where renditions go")
            }
            return await uploadForm(address, key, origin, context)
        } catch {
            return Self.refused(error, cors: true)
        }
    }

    /// Writes the record, then makes the form.
    private func uploadForm(
        _ address: VideoAddress,
        _ key: String,
        _ origin: String,
        _ context: ServiceRequestContext
    ) async -> Response {
        do throws(BackendError) {
            try await self.context.store.announce(
                VideoRecord(projectStep: address.projectStep, mail: address.mail, video: key)
            )
            let policy = PostPolicy(
                bucket: settings.bucket,
                key: .equals(key),
                byteCount: 1...settings.maximumUploadSize,
                contentType: .startsWith("video/"),
                expires: self.context.now().addingTimeInterval(SiteSettings.formLifetime)
            )
            let form = try await self.context.uploads.form(for: policy, origin: origin)
            var fields = form.fields
            // Many clients send the fields as they are: without this one their uploads would be refused.
            fields.insert(("Content-Type", "video/webm"), at: min(1, fields.count))
            return SiteAnswer.json(
                .members([
                    "url": .string(form.url),
                    "fields": .object(
                        fields.map { JSONText.Member(name: $0.name, value: .string($0.value)) }
                    ),
                ]),
                cors: true
            )
        } catch {
            return Self.answer(to: error, context, cors: true)
        }
    }

    private static func decoded(
        _ name: String,
        _ context: ServiceRequestContext
    ) throws(VideoAddress.Refusal) -> String {
        guard let text = PercentEncoding.decode(context.parameters.get(name) ?? "") else {
            throw VideoAddress.Refusal(message: "\(name) is not properly encoded")
        }
        return text
    }

    /// Whether an object of this key would be taken for a rendition, and never become one.
    private func isOutput(_ key: String) -> Bool {
        let event = ObjectEvent(bucket: settings.bucket, key: key)
        let intake = IntakeRules.decide(event, pipelines: context.pipelines)
        guard case .ignored(.outputByPrefix) = intake else { return false }
        return true
    }

    /// 128 random bits.
    static func salt() -> String {
        var random = SystemRandomNumberGenerator()
        return Data((0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }).hexadecimal
    }
}

// MARK: - Videos

extension SiteRoutes {
    private static let pageSizes = 1...100

    private func videos(_ query: FormQuery) async throws(BackendError) -> Response {
        let (mail, refusal) = Self.mail(query, cors: false)
        if let refusal { return refusal }
        let step: Int?
        do throws(VideoAddress.Refusal) {
            step = try query["step"].map { text throws(VideoAddress.Refusal) in try VideoAddress.step(text) }
            _ = try VideoAddress.checked(mail: mail)
        } catch {
            return Self.refused(error, cors: false)
        }
        if let project = query["project"], let step {
            let record = try await context.store.record(projectStep: "\(project)-\(step)", mail: mail)
            return Self.list(record.map { [$0] } ?? [])
        }
        let limit = query["limit"].map { Int($0) ?? 0 } ?? Self.pageSizes.upperBound
        guard Self.pageSizes ~= limit else {
            return Self.refused(.init(message: "limit must be a number from 1 to 100"), cors: false)
        }
        let filter = RecordFilter(project: query["project"], step: step)
        let start = Self.place(query["next"] ?? "")
        guard start != nil || (query["next"] ?? "").isEmpty else {
            return Self.refused(.init(message: "next is not the beginning of a page"), cors: false)
        }
        let page = try await records(mail, filter, after: start, limit: limit)
        var answer = Self.list(page.items)
        if let next = page.next {
            let token = Self.token(next)
            var rest = [("mail", mail), ("limit", String(limit)), ("next", token)]
            if let project = query["project"] { rest.append(("project", project)) }
            if let step { rest.append(("step", String(step))) }
            answer.headers[.link] = "</videos?\(PercentEncoding.query(rest))>; rel=\"next\""
            answer.headers[.next] = token
        }
        return answer
    }

    /// A page of the records that pass the filter.
    ///
    /// As many are read as may still be taken, so that a page ends where the store's does.
    private func records(
        _ mail: String,
        _ filter: RecordFilter,
        after: String?,
        limit: Int
    ) async throws(BackendError) -> Page<VideoRecord> {
        var found: [VideoRecord] = []
        var next = after
        repeat {
            let page = try await context.store.records(
                mail: mail,
                after: next,
                limit: limit - found.count
            )
            found += page.items.filter(filter.passes)
            next = page.next
        } while next != nil && found.count < limit
        return Page(items: found, next: next)
    }

    private static func list(_ records: [VideoRecord]) -> Response {
        SiteAnswer.json(.array(records.map { JSONText($0) }))
    }

    /// A page's beginning as text that needs no encoding.
    private static func token(_ next: String) -> String { Base64URL.encode(Data(next.utf8)) }

    /// The page's beginning; `nil` when the text is none.
    private static func place(_ token: String) -> String? {
        guard !token.isEmpty, let data = Base64URL.decode(token) else { return nil }
        return String(validating: data, as: UTF8.self)
    }
}

/// Which of a mail's records are asked for.
private struct RecordFilter {
    let project: String?
    let step: Int?

    func passes(_ record: VideoRecord) -> Bool {
        let place = record.projectStep
        if let step { return place.hasSuffix("-\(step)") }
        guard let project else { return true }
        guard place.hasPrefix(project + "-") else { return false }
        return Int(place.dropFirst(project.count + 1)) != nil
    }
}

extension HTTPField.Name {
    fileprivate static var link: Self { known("Link") }
    /// What the parameter `next` must be to get the next page.
    fileprivate static var next: Self { known("X-Next") }

    /// A name written here, whose letters are known to be allowed.
    static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is no field's name") }
        return field
    }
}
