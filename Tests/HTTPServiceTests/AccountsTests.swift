import AWSSignature
import Foundation
import HTTPService
import Jobs
import Synchronization
import TestBackends
import Testing

@Suite("Users and access keys")
struct AccountsTests {
    private let store = InMemoryMetadataStore()
    private var accounts: Accounts { Accounts(store: store) }

    private func basic(_ text: String) -> String { "Basic " + Data(text.utf8).base64EncodedString() }

    /// A hash takes longer than this even on an idle machine.
    private static let leastHash = Duration.milliseconds(40)

    /// How long a password takes to check, at best.
    private func time(_ password: String, _ name: String, _ accounts: Accounts) async throws -> Duration {
        var least = Duration.seconds(3600)
        for _ in 0..<3 {
            let start = ContinuousClock.now
            _ = try await accounts.isPassword(password, of: name)
            least = min(least, start.duration(to: .now))
        }
        return least
    }

    @Test("A header that is missing, malformed or without a colon proves nothing")
    func tellsMalformed() async throws {
        let accounts = accounts
        #expect(try await accounts.authenticate(authorization: nil) == .missing)
        for header in ["", "Basic", "Basic !!!", "Bearer abc", basic("edu"), "Basic /w==", "Basic  "] {
            #expect(try await accounts.authenticate(authorization: header) == .malformed, "\(header)")
        }
    }

    @Test("A user is let in with the password that was given, whatever the case of the scheme")
    func letsIn() async throws {
        let accounts = accounts
        try await accounts.addUser(name: "edu", password: "pa:ss wörd")
        #expect(try await accounts.authenticate(authorization: basic("edu:pa:ss wörd")) == .user("edu"))
        let lower = "basic " + Data("edu:pa:ss wörd".utf8).base64EncodedString()
        #expect(try await accounts.authenticate(authorization: lower) == .user("edu"))
    }

    @Test("A wrong user, a wrong password, none, and a password that is the name are refused")
    func refuses() async throws {
        let accounts = accounts
        try await accounts.addUser(name: "edu", password: "secret")
        for pair in ["edu:Secret", "edu:", "eduard:secret", "edu:edu", ":", ":secret", "x:x"] {
            #expect(try await accounts.authenticate(authorization: basic(pair)) == .denied, "\(pair)")
        }
    }

    @Test("The name is the password only where that was asked for, and never when it is empty")
    func allowsNameAsPassword() async throws {
        var settings = Accounts.Settings()
        settings.allowsNameAsPassword = true
        let accounts = Accounts(store: store, settings: settings)
        #expect(try await accounts.authenticate(authorization: basic("edu:edu")) == .user("edu"))
        #expect(try await accounts.authenticate(authorization: basic("edu:other")) == .denied)
        #expect(try await accounts.authenticate(authorization: basic(":")) == .denied)
    }

    @Test("The store holds a salted scrypt hash, which Python computes too, and no password")
    func storesHashes() async throws {
        let accounts = accounts
        try await accounts.addUser(name: "edu", password: "correct horse")
        try await accounts.addUser(name: "ana", password: "correct horse")
        let bodies = await store.documents(.user, ascending: true, after: nil, limit: 10).items
            .map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 2 && Set(bodies).count == 2)
        #expect(bodies.allSatisfy { !$0.contains("correct") })
        let fields = try JSONDecoder().decode([String: String].self, from: Data(bodies[0].utf8))
        let hash = try #require(fields["password"])
        let script = """
            import base64, hashlib, sys
            _, name, options, salt, key = sys.argv[1].split('$')
            n = {k: int(v) for k, v in (o.split('=') for o in options.split(','))}
            decode = lambda t: base64.b64decode(t + '=' * (-len(t) % 4))
            made = hashlib.scrypt(b'correct horse', salt=decode(salt), n=2 ** n['ln'], r=n['r'], p=n['p'],
                                  maxmem=2 ** 28, dklen=32)
            print(name, made == decode(key))
            """
        let answer = try await Python.run(script, [hash])
        #expect(answer == "scrypt True\n")
    }

    @Test("A password that was right is not hashed again for a minute, unless it was changed")
    func remembersPasswords() async throws {
        let clock = MovableClock()
        let accounts = Accounts(store: store, now: { clock.now })
        try await accounts.addUser(name: "edu", password: "secret")
        func one() async throws -> Duration {
            let start = ContinuousClock.now
            #expect(try await accounts.isPassword("secret", of: "edu"))
            return start.duration(to: .now)
        }
        #expect(try await one() > Self.leastHash)
        #expect(try await time("secret", "edu", accounts) < Self.leastHash)
        clock.advance(.seconds(61))
        #expect(try await one() > Self.leastHash)
        try await accounts.addUser(name: "edu", password: "other")
        #expect(try await !accounts.isPassword("secret", of: "edu"))
        try await accounts.removeUser("edu")
        #expect(try await !accounts.isPassword("other", of: "edu"))
    }

    @Test("Somebody unknown is hashed a password for, too")
    func hidesWhoExists() async throws {
        let accounts = accounts
        try await accounts.addUser(name: "edu", password: "secret")
        #expect(try await time("no", "edu", accounts) > Self.leastHash)
        #expect(try await time("no", "nobody", accounts) > Self.leastHash)
    }

    @Test("Names with colons or controls, empty and endless ones, and empty passwords are no users")
    func checksNames() async throws {
        let accounts = accounts
        for (name, password) in [
            ("", "p"), ("a:b", "p"), ("a\nb", "p"), (String(repeating: "a", count: 129), "p"), ("edu", ""),
            ("edu", "a\u{0}b"), ("edu", String(repeating: "a", count: 1025)),
        ] {
            await #expect(throws: BackendError.self) {
                try await accounts.addUser(name: name, password: password)
            }
        }
        #expect(try await accounts.isEmpty())
    }

    @Test("An access key has a secret of its own, which is found again by its id alone")
    func makesKeys() async throws {
        let accounts = accounts
        let (first, second) = (try await accounts.makeAccessKey(), try await accounts.makeAccessKey())
        #expect(first.id != second.id && first.secret != second.secret)
        #expect(first.id.utf8.count == 20 && first.secret.utf8.count == 40)
        #expect(try await Accounts(store: store).secret(of: first.id) == first.secret)
        #expect(try await accounts.secret(of: "AKRCAAAAAAAAAAAAAAAA") == nil)
        #expect(try await accounts.secret(of: "../x") == nil)
        try await accounts.removeAccessKey(first.id)
        #expect(try await accounts.secret(of: first.id) == nil)
    }
}

/// A clock that stands until it is moved.
private final class MovableClock: Sendable {
    private let moment = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { moment.withLock { $0 } }
    func advance(_ duration: Duration) { moment.withLock { $0 = $0 + duration } }
}
