import HTTPService
import Testing

@Suite("The service's settings")
struct SettingsTests {
    @Test("Nobody but this machine reaches the service unless told otherwise")
    func listensOnLoopback() { #expect(HTTPService.Settings().host == "127.0.0.1") }
}
