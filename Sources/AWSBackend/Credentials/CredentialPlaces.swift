internal import AWSSignature
internal import Foundation
internal import HTTPTransport
internal import Jobs
internal import Logging

/// The places where credentials may be, each asked anew every time.
struct CredentialPlaces: Sendable {
    let environment: [String: String]
    let transport: any HTTPSending
    let timing: Timing
    let log: Logger

    /// The credentials of the first place that is set up.
    ///
    /// - Throws: `denied` when there is none; otherwise what is wrong with the place.
    func find() async throws(BackendError) -> Credentials {
        if let found = try fromEnvironment() { return found }
        let files = SharedFiles(environment: environment)
        // A profile asked for by name comes before what a machine offers, and must be there.
        if let found = try fromFiles(files) { return found }
        if let found = try await fromWebIdentity() { return found }
        if let found = try await fromContainer() { return found }
        if let found = try await fromInstance() { return found }
        throw BackendError(
            .denied,
            "there are no AWS credentials: neither in the environment, nor in the shared files, "
                + "nor from a web identity, a container or an instance"
        )
    }

    // MARK: Environment and files

    private func fromEnvironment() throws(BackendError) -> Credentials? {
        guard let id = environment["AWS_ACCESS_KEY_ID"] else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw BackendError(.denied, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        }
        return Credentials(
            accessKeyID: id,
            secretAccessKey: secret,
            sessionToken: environment["AWS_SESSION_TOKEN"]
        )
    }

    private func fromFiles(_ files: SharedFiles) throws(BackendError) -> Credentials? {
        let (name, profile) = (files.profileName, files.profile)
        if let id = profile["aws_access_key_id"] {
            guard let secret = profile["aws_secret_access_key"] else {
                throw BackendError(.denied, "profile \(name) has an access key and no secret")
            }
            return Credentials(
                accessKeyID: id,
                secretAccessKey: secret,
                sessionToken: profile["aws_session_token"].flatMap { $0.isEmpty ? nil : $0 }
            )
        }
        for setting in ["role_arn", "credential_process", "sso_session", "sso_start_url"] {
            guard profile[setting] == nil else {
                throw BackendError(
                    .denied,
                    "profile \(name) uses \(setting), which is not supported: "
                        + "put temporary credentials into the environment instead"
                )
            }
        }
        guard !files.isNamed else {
            throw BackendError(.denied, "AWS_PROFILE names \(name), for which there are no credentials")
        }
        return nil
    }

    // MARK: Web identity

    /// A role that a token in a file may take, as in Kubernetes (STS, "AssumeRoleWithWebIdentity").
    private func fromWebIdentity() async throws(BackendError) -> Credentials? {
        guard let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"], let role = environment["AWS_ROLE_ARN"]
        else { return nil }
        let token = try Self.contents(of: file, setting: "AWS_WEB_IDENTITY_TOKEN_FILE")
        let milliseconds = Int(timing.now().timeIntervalSince1970 * 1000)
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", environment["AWS_ROLE_SESSION_NAME"] ?? "recast-\(milliseconds)"),
            ("WebIdentityToken", token),
        ]
        var request = AWSRequest(.sts, "POST", body: Data(PercentEncoding.query(form).utf8))
        request.headers = [("Content-Type", "application/x-www-form-urlencoded")]
        request.isSigned = false
        // The request proves nothing but the token, so it needs no credentials of ours.
        let client = AWSClient(
            configuration: try AWSConfiguration(environment: environment),
            credentials: FixedCredentials(Credentials(accessKeyID: "", secretAccessKey: "")),
            transport: transport,
            timing: timing,
            log: log
        )
        let answer = try await client.send(request)
        let root = try? XMLNode.parse(answer.body)
        let found = root?.first("AssumeRoleWithWebIdentityResult")?.first("Credentials")
        guard let id = found?.text("AccessKeyId"), let secret = found?.text("SecretAccessKey"),
            let session = found?.text("SessionToken"),
            let expires = found?.text("Expiration").flatMap(ServiceDate.date)
        else { throw BackendError(.unavailable, "STS answered without credentials") }
        return Credentials(
            accessKeyID: id,
            secretAccessKey: secret,
            sessionToken: session,
            expires: expires
        )
    }

    // MARK: Container

    /// What ECS, EKS Pod Identity and the like offer at an address that the environment names.
    private func fromContainer() async throws(BackendError) -> Credentials? {
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            guard path.hasPrefix("/") else {
                throw BackendError(.denied, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path")
            }
            url = "http://169.254.170.2\(path)"
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            guard Self.isTrusted(full) else {
                throw BackendError(
                    .denied,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine"
                )
            }
            url = full
        } else {
            return nil
        }
        var request = HTTPRequest(method: "GET", url: url, headers: [("Accept", "application/json")])
        if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
            let setting = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            request.headers.append(("Authorization", try Self.contents(of: file, setting: setting)))
        } else if let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
            request.headers.append(("Authorization", token))
        }
        request.timeout = 5
        request.connectTimeout = 2
        let answer = try await answer(to: request, from: "the container's credential service", attempts: 3)
        return try Self.credentials(in: answer, of: "the container's credential service")
    }

    /// https, loopback, or the addresses of ECS and EKS.
    ///
    /// Any other would let whoever sets the address read the token (AWS SDKs Reference Guide, "Container
    /// credential provider").
    static func isTrusted(_ url: String) -> Bool {
        guard let parts = URLComponents(string: url), let host = parts.host, parts.user == nil else {
            return false
        }
        if parts.scheme == "https" { return true }
        guard parts.scheme == "http" else { return false }
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        let isLoopback = bytes.count == 4 && bytes[0] == 127 && !bytes.contains(nil)
        return isLoopback
            || [
                "localhost", "[::1]", "::1", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
                "fd00:ec2::23",
            ]
            .contains(host.lowercased())
    }

    // MARK: Instance

    /// What an EC2 instance offers its programs (IMDSv2, which asks for a token first).
    private func fromInstance() async throws(BackendError) -> Credentials? {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else { return nil }
        let custom = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        let base = (custom ?? "http://169.254.169.254").trimmingSuffix("/")
        var request = HTTPRequest(
            method: "PUT",
            url: "\(base)/latest/api/token",
            headers: [("X-aws-ec2-metadata-token-ttl-seconds", "21600")]
        )
        request.timeout = 1
        request.connectTimeout = 1
        request.usesProxy = false
        let token: HTTPResponse
        do {
            token = try await transport.send(request)
        } catch {
            // Not on an instance, which is what most machines are.
            return nil
        }
        guard token.status == 200 else { return nil }
        let name = "the instance's metadata service"
        request.method = "GET"
        request.headers = [("X-aws-ec2-metadata-token", Self.text(token.body))]
        request.url = "\(base)/latest/meta-data/iam/security-credentials/"
        let roles: HTTPResponse
        do {
            roles = try await answer(to: request, from: name, attempts: 3)
        } catch  where error.code == .notFound {
            // An instance without a role.
            return nil
        }
        guard let role = Self.text(roles.body).split(whereSeparator: \.isNewline).first else { return nil }
        request.url += PercentEncoding.encode(String(role))
        return try Self.credentials(in: try await answer(to: request, from: name, attempts: 3), of: name)
    }

    // MARK: What they share

    /// A successful answer; a failure that may pass is tried again.
    private func answer(
        to request: HTTPRequest,
        from name: String,
        attempts: Int
    ) async throws(BackendError) -> HTTPResponse {
        var request = request
        request.usesProxy = false
        request.maxResponseBytes = 1 << 20
        var last = BackendError(.unavailable, "\(name) does not answer")
        for attempt in 1...attempts {
            do throws(HTTPFailure) {
                let response = try await transport.send(request)
                if response.status == 200 { return response }
                let code = BackendError.Code(serviceCode: nil, status: response.status)
                last = BackendError(code, "\(name) answers with status \(response.status)")
            } catch {
                last = BackendError(.unavailable, "\(name) does not answer: \(error)")
            }
            guard last.isRetryable, attempt < attempts else { throw last }
            do { try await timing.sleep(0.2 * Double(attempt)) } catch { throw last }
        }
        throw last
    }

    private struct Document: Decodable {
        let AccessKeyId: String
        let SecretAccessKey: String
        let Token: String?
        let Expiration: String?
    }

    private static func credentials(in answer: HTTPResponse, of name: String) throws(BackendError)
        -> Credentials
    {
        guard let document = try? JSONDecoder().decode(Document.self, from: answer.body) else {
            throw BackendError(.unavailable, "\(name) answers without credentials")
        }
        return Credentials(
            accessKeyID: document.AccessKeyId,
            secretAccessKey: document.SecretAccessKey,
            sessionToken: document.Token,
            expires: document.Expiration.flatMap(ServiceDate.date)
        )
    }

    private static func text(_ data: Data) -> String {
        String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func contents(of file: String, setting: String) throws(BackendError) -> String {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw BackendError(.denied, "the file that \(setting) names cannot be read")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: Character) -> String {
        var text = self
        while text.last == suffix { text.removeLast() }
        return text
    }
}
