internal import Foundation
package import Jobs

/// Where the services are and how they are addressed, from the settings that all AWS tools share.
package struct AWSConfiguration: Sendable {
    package var region: String
    /// Addresses that take the place of AWS's own, without a slash at the end.
    package var endpoints: [AWSService: String]
    /// Whether a bucket's name goes into the path (true) or the host (false); `nil` decides by itself.
    package var usesPathStyle: Bool?
    /// The path of a PEM file with the authorities to be trusted instead of the system's.
    package var certificates: String?

    package init(region: String, endpoints: [AWSService: String] = [:], usesPathStyle: Bool? = nil) {
        self.region = region
        self.endpoints = endpoints
        self.usesPathStyle = usesPathStyle
    }

    /// Reads `AWS_REGION`, `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_CA_BUNDLE` and `RECAST_S3_PATH_STYLE`.
    ///
    /// The region may also come from the profile in the shared files.
    ///
    /// - Throws: `invalid`, naming the setting.
    package init(environment: [String: String]) throws(BackendError) {
        let settings = environment.filter { !$0.value.isEmpty }
        let region =
            settings["AWS_REGION"] ?? settings["AWS_DEFAULT_REGION"]
            ?? SharedFiles(environment: settings).profile["region"]
        guard let region else { throw BackendError(.invalid, "no region is set: AWS_REGION is missing") }
        // The region becomes part of host names.
        let isName = region.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isName else { throw BackendError(.invalid, "AWS_REGION is not the name of a region") }
        self.region = region
        certificates = settings["AWS_CA_BUNDLE"]

        endpoints = [:]
        for service in AWSService.allCases {
            let name = "AWS_ENDPOINT_URL_\(service.settingName)"
            if let value = settings[name] {
                endpoints[service] = try Self.endpoint(value, setting: name)
            } else if let value = settings["AWS_ENDPOINT_URL"] {
                endpoints[service] = try Self.endpoint(value, setting: "AWS_ENDPOINT_URL")
            }
        }

        switch settings["RECAST_S3_PATH_STYLE"]?.lowercased() {
        case nil: usesPathStyle = nil
        case "true", "1", "yes": usesPathStyle = true
        case "false", "0", "no": usesPathStyle = false
        default: throw BackendError(.invalid, "RECAST_S3_PATH_STYLE is neither true nor false")
        }
    }

    private static func endpoint(_ text: String, setting: String) throws(BackendError) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        guard let parts = URLComponents(string: text), parts.scheme == "http" || parts.scheme == "https",
            parts.host?.isEmpty == false, parts.query == nil, parts.fragment == nil, parts.user == nil
        else { throw BackendError(.invalid, "\(setting) is not an http or https address") }
        return text
    }

    /// Where a request to `service`, or to one of its buckets, goes.
    package func endpoint(of service: AWSService, bucket: String? = nil) -> Endpoint {
        let custom = endpoints[service]
        var endpoint = Endpoint(custom ?? "https://\(service.rawValue).\(region).\(Self.domain(of: region))")
        guard let bucket else { return endpoint }
        // A dot in a bucket's name leaves the certificate's wildcard.
        let usesPath = usesPathStyle ?? (custom != nil || bucket.contains("."))
        if usesPath {
            endpoint.basePath += "/\(bucket)"
        } else {
            endpoint.host = "\(bucket).\(endpoint.host)"
        }
        return endpoint
    }

    private static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }
}

/// An address that requests are sent to, in the parts that signing needs.
package struct Endpoint: Sendable, Equatable {
    package var scheme: String
    /// As in the `Host` header: with the port, when it is not the scheme's own.
    package var host: String
    /// What comes before every request's path; empty, or a slash and something.
    package var basePath: String

    /// Takes an http or https address apart.
    init(_ address: String) {
        let sides = address.split(separator: "://", maxSplits: 1).map(String.init)
        scheme = sides[0].lowercased()
        let rest = sides.count > 1 ? sides[1] : ""
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        host = String(rest[..<slash])
        basePath = String(rest[slash...])
        let port = scheme == "https" ? ":443" : ":80"
        if host.hasSuffix(port) { host.removeLast(port.count) }
    }

    package var url: String { "\(scheme)://\(host)\(basePath)" }
}
