import AWSSignature
import Foundation
import Testing

@Suite("Signature version 4, as botocore makes it")
struct SignatureV4Tests {
    private static let headerCases: [Botocore.Case] = {
        var cases: [Botocore.Case] = []
        let keys = [
            "a b+c%2B.mp4", "../x.mp4", "é€😀.mp4", "a//b", "a/./b/", "(1)'!*~.mp4", "", "%2F", "a&b=c?d#e",
        ]
        for key in keys {
            cases.append(Botocore.Case(path: "/" + key))
            cases.append(Botocore.Case(sessionToken: "FwoGZXIvYXdzEJr/+=", method: "PUT", path: "/" + key))
        }
        cases.append(Botocore.Case(method: "POST", path: "/k", query: [["uploads", ""]]))
        cases.append(
            Botocore.Case(query: [
                ["prefix", "d/é +"], ["list-type", "2"], ["a", "2"], ["a", "1"], ["A", "x"], ["a-b", ""],
                ["a+", "&="],
            ])
        )
        cases.append(
            Botocore.Case(
                method: "PUT",
                path: "/k",
                headers: [
                    ["x-amz-meta-Job", "  two   blanks "], ["Content-Type", "video/mp4"],
                    ["Range", "bytes=0-1"],
                    ["If-Match", "\"abc\""],
                ],
                body: "some bytes é"
            )
        )
        cases.append(Botocore.Case(method: "PUT", path: "/k", body: "some bytes", isUnsigned: true))
        cases.append(Botocore.Case(host: "127.0.0.1:9444", path: "/videos/k"))
        for (service, target) in [
            ("dynamodb", "DynamoDB_20120810.GetItem"), ("sqs", "AmazonSQS.SendMessage"),
        ] {
            cases.append(
                Botocore.Case(
                    service: service,
                    method: "POST",
                    host: "\(service).eu-west-1.amazonaws.com",
                    headers: [["Content-Type", "application/x-amz-json-1.0"], ["X-Amz-Target", target]],
                    body: #"{"Name":"é"}"#
                )
            )
        }
        cases.append(
            Botocore.Case(
                sessionToken: "token",
                service: "sns",
                method: "POST",
                host: "sns.eu-west-1.amazonaws.com",
                headers: [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]],
                body: "Action=Publish&Version=2010-03-31"
            )
        )
        for path in ["/a//b/../c", "/a b/é/", "/./x", "//", "/a/.."] {
            cases.append(Botocore.Case(service: "sqs", host: "sqs.eu-west-1.amazonaws.com", path: path))
        }
        return cases
    }()

    @Test("The headers of a request are those of botocore, for odd keys, queries, tokens and services")
    func signsHeaders() throws {
        let answers = try Botocore.sign(Self.headerCases)
        for (item, answer) in zip(Self.headerCases, answers) {
            let headers = Self.signer(item).headers(
                signing: Self.request(item),
                payload: item.isUnsigned ? .unsigned : .data(Data(item.body.utf8)),
                date: Botocore.moment
            )
            let ours = Dictionary(uniqueKeysWithValues: headers.map { ($0.name.lowercased(), $0.value) })
            let theirs = Dictionary(
                uniqueKeysWithValues: answer.headers.map { ($0.key.lowercased(), $0.value) }
            )
            #expect(ours == theirs, "\(item.service) \(item.method) \(item.path) \(item.query)")
        }
    }

    @Test("An address that works without credentials is that of botocore")
    func presigns() throws {
        let cases = [
            Botocore.Case(kind: "query", path: "/a b+c%2B.mp4"),
            Botocore.Case(
                kind: "query",
                sessionToken: "FwoG/+=",
                method: "PUT",
                path: "/é😀/../x.webm",
                lifetime: 1
            ),
            Botocore.Case(
                kind: "query",
                method: "PUT",
                path: "/k",
                headers: [["Content-Type", "video/webm"]]
            ),
            Botocore.Case(
                kind: "query",
                path: "/k",
                query: [["response-content-type", "a/b"], ["versionId", "1"]]
            ),
            Botocore.Case(
                kind: "query",
                service: "sqs",
                host: "sqs.eu-west-1.amazonaws.com",
                query: [["Action", "SendMessage"]]
            ),
        ]
        for (item, answer) in zip(cases, try Botocore.sign(cases)) {
            let query = Self.signer(item)
                .query(presigning: Self.request(item), date: Botocore.moment, lifetime: item.lifetime)
            let theirs = try #require(answer.url.split(separator: "?").last)
            #expect(
                PercentEncoding.query(query).split(separator: "&").sorted()
                    == theirs.split(separator: "&").sorted(),
                "\(item.path)"
            )
        }
    }

    private static func signer(_ item: Botocore.Case) -> SignatureV4 {
        SignatureV4(
            credentials: Credentials(
                accessKeyID: item.accessKeyID,
                secretAccessKey: item.secretAccessKey,
                sessionToken: item.sessionToken
            ),
            region: item.region,
            service: item.service
        )
    }

    private static func request(_ item: Botocore.Case) -> SignatureV4.Request {
        SignatureV4.Request(
            method: item.method,
            host: item.host,
            path: PercentEncoding.encodePath(item.path),
            query: item.query.map { ($0[0], $0[1]) },
            headers: item.headers.map { ($0[0], $0[1]) }
        )
    }
}

@Suite("What a server needs to check a signature")
struct SigningScopeTests {
    @Test(
        "A timestamp is read only in its one form",
        arguments: [
            ("20260131T235959Z", true), ("20260231T235959Z", false), ("20260131T235959", false),
            ("2026-01-31T23:59:59Z", false), ("", false), ("20260131T235960Z", false),
        ]
    )
    func readsTimestamps(text: String, isValid: Bool) {
        #expect((SigningScope.date(text) != nil) == isValid)
        if isValid { #expect(SigningScope.date(text) == Botocore.moment) }
    }

    @Test(
        "A query is taken apart as it was sent",
        arguments: [
            ("a=1&b=%2B+", [["a", "1"], ["b", "++"]]), ("uploads", [["uploads", ""]]),
            ("a=b=c", [["a", "b=c"]]),
            ("", []), ("a=%C3%A9", [["a", "é"]]),
        ]
    )
    func readsQueries(text: String, items: [[String]]) throws {
        let read = try #require(PercentEncoding.queryItems(text))
        #expect(read.map { [$0.name, $0.value] } == items)
    }

    @Test("What is not properly encoded is refused", arguments: ["a=%2", "%", "a=%ZZ", "a=%FF", "a=%+1"])
    func refusesBadEncoding(text: String) { #expect(PercentEncoding.queryItems(text) == nil) }

    @Test("Encoding and decoding give the same text back", arguments: ["a b+c%2B.mp4", "é€😀", "\u{0}/~", ""])
    func roundTrips(text: String) { #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text) }

    @Test("Credentials never show their secret")
    func hidesSecrets() {
        let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "SECRET", sessionToken: "TOKEN")
        var dumped = ""
        dump(credentials, to: &dumped)
        dump([credentials], to: &dumped)
        let texts = [
            "\(credentials)", String(reflecting: credentials), "\([credentials])",
            "\(Optional(credentials) as Any)",
            dumped,
        ]
        for text in texts {
            #expect(text.contains("AKID"))
            #expect(!text.contains("SECRET") && !text.contains("TOKEN"), "\(text)")
        }
    }
}
