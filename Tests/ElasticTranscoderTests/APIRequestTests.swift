import ElasticTranscoder
import Testing

@Suite("A request to the API")
struct APIRequestTests {
    @Test("A request has no query and no body unless they are given")
    func isEmpty() {
        let request = APIRequest(method: "GET", path: "/2012-09-25/jobs")
        #expect(request.query.isEmpty && request.body.isEmpty)
    }
}
