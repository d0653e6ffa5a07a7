import Testing

@testable import Recast

@Suite("The settings of the service")
struct ServiceSettingsTests {
    private let fixture: ConfigurationFixture

    init() throws { fixture = try ConfigurationFixture() }

    @Test(
        "It listens where it is told to, and knows whether others reach that",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080, true), ("127.3.2.1:0", "127.3.2.1", 0, true),
            ("localhost:1", "localhost", 1, true), ("[::1]:80", "::1", 80, true),
            ("0.0.0.0:80", "0.0.0.0", 80, false), ("[::]:80", "::", 80, false),
            ("127.evil.example:80", "127.evil.example", 80, false), ("host:65535", "host", 65_535, false),
        ]
    )
    func readsAddresses(text: String, host: String, port: Int, isLoopback: Bool) throws {
        let address = try fixture.load(["listen": text]).service.listen
        #expect(address.host == host && address.port == port)
        #expect(address.isLoopback == isLoopback && address.text == text)
    }

    @Test(
        "What is no address with a port is refused",
        arguments: [
            "8080", ":8080", "host", "host:", "host:65536", "host:-1", "::1:80", "http://host:80", "a b:1",
        ]
    )
    func refusesAddresses(text: String) {
        #expect(fixture.problems(["listen": text]).map(\.setting) == ["listen"])
    }

    @Test("Users of the file are known by their hashes, which nothing shows")
    func readsUsers() throws {
        let hash = "$scrypt$ln=14,r=8,p=5$c2FsdHNhbHRzYWx0$aHVzaA"
        try fixture.write("users:\n  - name: edu\n    password: \(hash)\n")
        let configuration = try fixture.load()
        #expect(configuration.service.users.mapValues(\.value) == ["edu": hash])
        #expect(!configuration.entries.contains { $0.text.contains("scrypt") })
        try fixture.write("users:\n  - name: edu\n    password: hush\n")
        let problems = fixture.problems()
        #expect(problems.map(\.setting) == ["users[0].password"])
        #expect(!problems.contains { $0.description.contains("hush") })
    }

    @Test("An access key is one with its secret only")
    func needsBothHalves() throws {
        var fixture = fixture
        fixture.environment = ["RECAST_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE1"]
        #expect(fixture.problems().map(\.setting) == ["secretAccessKey"])
        fixture.environment["RECAST_SECRET_ACCESS_KEY"] = "sixteen bytes of hush"
        let configuration = try fixture.load()
        #expect(configuration.service.secretAccessKey?.value == "sixteen bytes of hush")
        #expect(!configuration.entries.contains { $0.text.contains("hush") })
        fixture.environment["RECAST_ACCESS_KEY_ID"] = nil
        #expect(fixture.problems().map(\.setting) == ["accessKeyID"])
    }
}
