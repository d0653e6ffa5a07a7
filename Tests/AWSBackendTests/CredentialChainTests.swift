import AWSSignature
import Foundation
import HTTPTransport
import Jobs
import Logging
import TestMedia
import Testing

@testable import AWSBackend

@Suite("Credential chain")
struct CredentialChainTests {
    typealias Script = ScriptedTransport

    /// Nothing of the machine that runs the tests.
    private static let nothing = [
        "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1",
    ]

    private static func chain(
        _ settings: [String: String],
        _ script: Script = Script([]),
        clock: TestClock = TestClock()
    ) -> CredentialChain {
        CredentialChain(
            environment: nothing.merging(settings) { $1 },
            transport: script,
            timing: clock.timing,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private static func failure(_ chain: CredentialChain) async -> BackendError? {
        do throws(BackendError) {
            _ = try await chain.credentials()
            return nil
        } catch { return error }
    }

    private static func document(_ key: String, expires: String) -> Script.Answer {
        Script.answer(
            200,
            """
            {"Code":"Success","AccessKeyId":"\(key)","SecretAccessKey":"S","Token":"T","Expiration":"\(expires)"}
            """
        )
    }

    @Test("The environment comes first")
    func readsEnvironment() async throws {
        let settings = [
            "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
        ]
        let expected = Credentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T")
        #expect(try await Self.chain(settings).credentials() == expected)
        #expect(await Self.failure(Self.chain(["AWS_ACCESS_KEY_ID": "A"]))?.code == .denied)
    }

    @Test("Where there are none, the error says where they were looked for")
    func findsNone() async {
        let error = await Self.failure(Self.chain([:]))
        #expect(error?.code == .denied)
        #expect(error?.message.contains("environment") == true)
    }

    @Test("A profile is read from both shared files, and the credentials file wins")
    func readsFiles() async throws {
        let workspace = try Workspace()
        try """
        # comment
        [default]
        aws_access_key_id = D
        aws_secret_access_key = DS
        [ two ]
        aws_access_key_id=T
        aws_secret_access_key = a=b#c
        aws_session_token =
        [half]
        aws_access_key_id = H
        """.write(to: workspace.url("credentials"), atomically: true, encoding: .utf8)
        try """
        [profile two]
        region = ap-south-1
        aws_access_key_id = config
        s3 =
            max_concurrent_requests = 20
        [profile three]\r
        aws_access_key_id = C\r
        aws_secret_access_key = CS\r
        [profile role]
        role_arn = arn:aws:iam::1:role/x
        source_profile = default
        """.write(to: workspace.url("config"), atomically: true, encoding: .utf8)
        let files = [
            "AWS_SHARED_CREDENTIALS_FILE": workspace.path("credentials"),
            "AWS_CONFIG_FILE": workspace.path("config"),
        ]
        func chain(_ name: String?) -> CredentialChain {
            Self.chain(files.merging(name.map { ["AWS_PROFILE": $0] } ?? [:]) { $1 })
        }
        #expect(try await chain(nil).credentials() == Credentials(accessKeyID: "D", secretAccessKey: "DS"))
        #expect(
            try await chain("two").credentials() == Credentials(accessKeyID: "T", secretAccessKey: "a=b#c")
        )
        #expect(
            try await chain("three").credentials() == Credentials(accessKeyID: "C", secretAccessKey: "CS")
        )
        for (name, word) in [("half", "half"), ("role", "role_arn"), ("nobody", "nobody")] {
            let error = await Self.failure(chain(name))
            #expect(error?.code == .denied)
            #expect(error?.message.contains(word) == true)
        }
        let settings = files.merging(["AWS_PROFILE": "two"]) { $1 }
        #expect(try AWSConfiguration(environment: settings).region == "ap-south-1")
    }

    @Test("A web identity's token is exchanged for a role's credentials, unsigned")
    func assumesRole() async throws {
        let workspace = try Workspace()
        try "token+/=\n".write(to: workspace.url("token"), atomically: true, encoding: .utf8)
        let script = Script([
            Script.answer(500),
            Script.answer(
                200,
                """
                <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                  <AssumeRoleWithWebIdentityResult><Credentials>
                    <AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>S</SecretAccessKey>
                    <SessionToken>T</SessionToken><Expiration>2026-02-01T00:59:59.123Z</Expiration>
                  </Credentials></AssumeRoleWithWebIdentityResult>
                </AssumeRoleWithWebIdentityResponse>
                """
            ),
        ])
        let found = try await Self.chain(
            [
                "AWS_WEB_IDENTITY_TOKEN_FILE": workspace.path("token"),
                "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
                "AWS_ROLE_SESSION_NAME": "worker",
            ],
            script
        ).credentials()
        #expect(found.accessKeyID == "ASIA")
        #expect(found.sessionToken == "T")
        #expect(abs(try #require(found.expires).timeIntervalSince1970 - 1_769_907_599.123) < 0.01)
        let sent = try #require(script.requests.last)
        #expect(sent.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(sent.header("authorization") == nil)
        let body = String(decoding: sent.body, as: UTF8.self)
        #expect(body.contains("WebIdentityToken=token%2B%2F%3D"))
        #expect(body.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=worker"))
    }

    @Test("A container's service is asked with its token")
    func asksContainer() async throws {
        let workspace = try Workspace()
        try "secret\n".write(to: workspace.url("token"), atomically: true, encoding: .utf8)
        let script = Script([Script.failure(.timeout), Self.document("C", expires: "2026-02-01T00:59:59Z")])
        let settings = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": workspace.path("token"),
        ]
        let found = try await Self.chain(settings, script).credentials()
        #expect(found.accessKeyID == "C")
        #expect(found.expires == Date(timeIntervalSince1970: 1_769_907_599))
        let sent = try #require(script.requests.last)
        #expect(sent.url == "http://169.254.170.23/v1/credentials")
        #expect(sent.header("authorization") == "secret")
        #expect(!sent.usesProxy)
    }

    @Test(
        "A container's address is trusted only where its token is safe",
        arguments: [
            ("http://127.0.0.1:8080/x", true), ("http://localhost/x", true), ("https://example.com/x", true),
            ("http://169.254.170.2/x", true), ("http://[fd00:ec2::23]/x", true), ("http://[::1]:1/x", true),
            ("http://example.com/x", false), ("http://127.0.0.1.example.com/x", false),
            ("ftp://127.0.0.1/", false),
            ("http://169.254.169.254/x", false), ("http://127.0.0.1@example.com/", false), ("", false),
        ]
    )
    func trusts(url: String, isTrusted: Bool) { #expect(CredentialPlaces.isTrusted(url) == isTrusted) }

    @Test("An instance is asked for a token, its role and the role's credentials")
    func asksInstance() async throws {
        let script = Script([
            Script.answer(200, "TOKEN"), Script.answer(200, "role name\n"),
            Self.document("I", expires: "2026-02-01T00:59:59Z"),
        ])
        let found = try await Self.chain(["AWS_EC2_METADATA_DISABLED": "false"], script).credentials()
        #expect(found.accessKeyID == "I")
        #expect(script.requests.map(\.method) == ["PUT", "GET", "GET"])
        #expect(script.requests[1].header("x-aws-ec2-metadata-token") == "TOKEN")
        let root = "http://169.254.169.254/latest"
        #expect(script.requests[2].url == "\(root)/meta-data/iam/security-credentials/role%20name")
        #expect(script.requests[0].url == "\(root)/api/token")
        #expect(script.requests[0].timeout == 1)
    }

    @Test("A machine that is no instance, or has no role, has no credentials")
    func findsNoInstance() async {
        let scripts = [
            Script([Script.failure(.timeout)]), Script([Script.answer(403)]),
            Script([Script.answer(200, "TOKEN"), Script.answer(404)]),
        ]
        for script in scripts {
            let error = await Self.failure(Self.chain(["AWS_EC2_METADATA_DISABLED": ""], script))
            #expect(error?.code == .denied)
        }
    }

    private static let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"]

    @Test("Credentials are kept, renewed five minutes before they expire, by one request however many ask")
    func keeps() async throws {
        let clock = TestClock()
        let script = Script([
            Self.document("ONE", expires: "2026-02-01T00:59:59Z"),
            Self.document("TWO", expires: "2026-02-01T01:59:59Z"),
        ])
        let chain = Self.chain(Self.container, script, clock: clock)
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await chain.credentials().accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["ONE"])
        #expect(script.requests.count == 1)
        try await clock.timing.sleep(3299)
        #expect(try await chain.credentials().accessKeyID == "ONE")
        try await clock.timing.sleep(2)
        #expect(try await chain.credentials().accessKeyID == "TWO")
    }

    @Test("While they cannot be renewed the old ones serve until they expire; then it is an outage")
    func outlastsOutages() async throws {
        let clock = TestClock()
        let script = Script(
            [Self.document("ONE", expires: "2026-02-01T00:59:59Z")]
                + Array(repeating: Script.failure(.connection), count: 20)
        )
        let chain = Self.chain(Self.container, script, clock: clock)
        _ = try await chain.credentials()
        try await clock.timing.sleep(3400)
        #expect(try await chain.credentials().accessKeyID == "ONE")
        let asked = script.requests.count
        #expect(try await chain.credentials().accessKeyID == "ONE")
        #expect(script.requests.count == asked)
        try await clock.timing.sleep(300)
        #expect(await Self.failure(chain)?.code == .unavailable)
    }

    @Test("What was just handed out as expired, as a wrong clock sees it, is not asked for again at once")
    func trustsFreshOnes() async throws {
        let clock = TestClock()
        let script = Script([
            Self.document("ONE", expires: "2026-01-31T23:00:00Z"),
            Self.document("TWO", expires: "2026-01-31T23:00:00Z"),
        ])
        let chain = Self.chain(Self.container, script, clock: clock)
        for _ in 0..<5 { #expect(try await chain.credentials().accessKeyID == "ONE") }
        try await clock.timing.sleep(31)
        #expect(try await chain.credentials().accessKeyID == "TWO")
    }

    @Test("Credentials that a service refused as expired are not given out again")
    func discards() async throws {
        let script = Script([
            Self.document("ONE", expires: "2026-02-01T00:59:59Z"),
            Self.document("TWO", expires: "2026-02-01T01:59:59Z"),
        ])
        let chain = Self.chain(Self.container, script)
        await chain.discard(try await chain.credentials())
        #expect(try await chain.credentials().accessKeyID == "TWO")
    }
}
