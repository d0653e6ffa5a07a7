import AWSBackend
import Foundation
import Testing

@Suite("DynamoDB's attribute values")
struct AttributeValueTests {
    @Test(
        "Every type is written and read as DynamoDB's JSON",
        arguments: [
            (#"{"S":"a\"é"}"#, AttributeValue.string("a\"é")),
            (
                #"{"N":"12345678901234567890123456789012345678"}"#,
                .number("12345678901234567890123456789012345678")
            ),
            (#"{"B":"AP8="}"#, .binary(Data([0, 255]))),
            (#"{"BOOL":false}"#, .bool(false)),
            (#"{"NULL":true}"#, .null),
            (#"{"L":[{"S":"a"},{"N":"1"}]}"#, .list([.string("a"), .number("1")])),
            (#"{"M":{"a":{"L":[]}}}"#, .map(["a": .list([])])),
            (#"{"SS":["a","b"]}"#, .stringSet(["a", "b"])),
            (#"{"NS":["1","2.5"]}"#, .numberSet(["1", "2.5"])),
            (#"{"BS":["AA=="]}"#, .binarySet([Data([0])])),
        ]
    )
    func isWritten(json: String, value: AttributeValue) throws {
        #expect(try JSONDecoder().decode(AttributeValue.self, from: Data(json.utf8)) == value)
        #expect(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) == json)
    }

    @Test(
        "A value of no type, of two, or of an unknown one is refused",
        arguments: ["{}", #"{"X":"1"}"#, #"{"S":"1","N":"1"}"#]
    )
    func refusesOthers(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(AttributeValue.self, from: Data(json.utf8))
        }
    }

    @Test(
        "A double becomes the shortest text that reads back as itself, or nothing where there is no number",
        arguments: [
            (0.1, "0.1"), (29.97, "29.97"), (-1e16, "-1e+16"), (1e-200, "0"), (1e125, "1e+125"),
            (1e126, nil), (.infinity, nil), (.nan, nil),
        ]
    )
    func writesDoubles(value: Double, text: String?) {
        #expect(AttributeValue.number(value) == text.map { .number($0) })
    }

    @Test(
        "A whole number is read exactly, however it is written",
        arguments: [
            ("9223372036854775807", Int64.max), ("1280.0", 1280), ("1.28E3", 1280), ("-5", -5),
            ("9223372036854775808", nil), ("1.5", nil), ("", nil), ("1e400", nil),
        ]
    )
    func readsIntegers(text: String, integer: Int64?) {
        #expect(AttributeValue.number(text).integer == integer)
    }
}
