internal import CCurl
internal import Foundation
internal import Synchronization

/// One exchange: libcurl's handle for it, the body still to be sent and the answer so far.
final class Transfer: @unchecked Sendable {
    // Safe: everything but `isCancelled` is set up before the transfer is handed to the loop, and touched
    // by the loop's thread alone from then on.

    let handle: UnsafeMutableRawPointer
    let request: HTTPRequest
    /// Scheme, host and port: requests to the same share connections.
    let server: String
    /// Set from any thread, before the loop is told.
    let isCancelled = Atomic<Bool>(false)
    var completion: (@Sendable (Result<HTTPResponse, HTTPFailure>) -> Void)?

    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var sentCount = 0
    private var headers: [String: String] = [:]
    private var headerByteCount = 0
    private static let maxHeaderBytes = 256 << 10
    private var body = Data()
    private var isTooLarge = false
    private var isAddressRefused = false

    init(_ request: HTTPRequest, certificates: String?) throws(HTTPFailure) {
        guard Self.isSendable(request) else {
            throw HTTPFailure(.refused, "the request for \(Self.host(of: request.url)) is malformed")
        }
        guard CurlLibrary.isReady, let handle = curl_easy_init() else {
            throw HTTPFailure(.connection, "libcurl could not be started")
        }
        self.handle = handle
        self.request = request
        server = Self.server(of: request.url)
        let isComplete =
            setAddress() && setTrust(certificates) && setMethod() && setHeaders() && setCallbacks()
        guard isComplete else {
            throw HTTPFailure(.refused, "the request for \(Self.host(of: request.url)) is malformed")
        }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headerList)
    }

    /// Hands over the result; only the first one counts.
    func finish(_ result: Result<HTTPResponse, HTTPFailure>) {
        completion?(result)
        completion = nil
    }

    /// Ends the transfer as libcurl says it ended.
    func finish(_ code: CURLcode) {
        guard code == CURLE_OK else { return finish(.failure(failure(for: code))) }
        var status = 0
        _ = recast_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        finish(.success(HTTPResponse(status: status, headers: headers, body: body)))
    }

    private func failure(for code: CURLcode) -> HTTPFailure {
        let host = Self.host(of: request.url)
        if isTooLarge {
            return HTTPFailure(.tooLarge, "\(host) answered with more than \(request.maxResponseBytes) bytes")
        }
        if isAddressRefused {
            return HTTPFailure(.refused, "\(host) is not an address of the public Internet")
        }
        let reason = String(cString: curl_easy_strerror(code))
        return HTTPFailure(Self.kind(of: code), "no answer from \(host): \(reason)")
    }

    private static func kind(of code: CURLcode) -> HTTPFailure.Kind {
        switch code {
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED, CURLE_SSL_INVALIDCERTSTATUS:
            .tls
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: .refused
        default: .connection
        }
    }
}

// MARK: - What is sent

extension Transfer {
    /// Nothing in the request can end a line or a C string early.
    private static func isSendable(_ request: HTTPRequest) -> Bool {
        let isVisible = { (text: String) in text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }
        let isToken = { (text: String) in !text.isEmpty && isVisible(text) && !text.contains(":") }
        let isOneLine = { (text: String) in text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } }
        return isVisible(request.url) && isToken(request.method)
            && request.headers.allSatisfy { isToken($0.name) && isOneLine($0.value) }
    }

    private static func server(of url: String) -> String {
        let start = url.range(of: "://")?.upperBound ?? url.startIndex
        return url[..<(url[start...].firstIndex { "/?#".contains($0) } ?? url.endIndex)].lowercased()
    }

    /// The host of an address, without user, port, path and query.
    static func host(of url: String) -> String {
        let rest = url.range(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
        return String(host.prefix { $0 != ":" })
    }

    private func setAddress() -> Bool {
        set(CURLOPT_URL, request.url)
            && set(CURLOPT_PROTOCOLS_STR, "http,https")
            // Object keys may hold "." and "..", which libcurl would otherwise resolve.
            && set(CURLOPT_PATH_AS_IS, 1)
            && set(CURLOPT_FOLLOWLOCATION, 0)
            && set(CURLOPT_NOSIGNAL, 1)
            && set(CURLOPT_TCP_KEEPALIVE, 1)
            && set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
            && set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
            && set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
            && setProxy()
    }

    private func setTrust(_ certificates: String?) -> Bool {
        set(CURLOPT_SSL_VERIFYPEER, 1) && set(CURLOPT_SSL_VERIFYHOST, 2)
            && (certificates.map { set(CURLOPT_CAINFO, $0) } ?? true)
    }

    private func setProxy() -> Bool {
        // Behind a proxy the address judged would be the proxy's. A connection that another request
        // opened was never judged, so this one opens its own.
        if !request.allowsPrivateAddresses { return set(CURLOPT_PROXY, "") && set(CURLOPT_FRESH_CONNECT, 1) }
        return request.usesProxy || set(CURLOPT_PROXY, "")
    }

    private static func milliseconds(_ seconds: Double) -> Int {
        guard seconds > 0 else { return 1 }
        return Int(min(seconds * 1000, 86_400_000).rounded(.up))
    }

    private func setMethod() -> Bool {
        guard set(CURLOPT_CUSTOMREQUEST, request.method) else { return false }
        if request.method == "HEAD" { return set(CURLOPT_NOBODY, 1) }
        guard !request.body.isEmpty || request.method == "PUT" || request.method == "POST" else {
            return true
        }
        return set(CURLOPT_UPLOAD, 1)
            && recast_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(request.body.count))
                == CURLE_OK
            && set(CURLOPT_UPLOAD_BUFFERSIZE, 1 << 19)
    }

    private func setHeaders() -> Bool {
        // Waiting for "100 Continue" costs a round trip, and a second with servers that never send it.
        var lines = ["Expect:"]
        for (name, value) in request.headers {
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        for line in lines {
            guard let longer = curl_slist_append(headerList, line) else { return false }
            headerList = longer
        }
        return recast_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        recast_curl_set_long(handle, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        recast_curl_set_text(handle, option, value) == CURLE_OK
    }
}

// MARK: - What libcurl calls

extension Transfer {
    private func setCallbacks() -> Bool {
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_HEADERDATA, CURLOPT_SEEKDATA, CURLOPT_OPENSOCKETDATA,
        ] {
            guard recast_curl_set_pointer(handle, option, context) == CURLE_OK else { return false }
        }
        let write: recast_curl_bytes = { bytes, _, count, context in
            Transfer.owner(context).receive(bytes, count)
        }
        let read: recast_curl_bytes = { bytes, size, count, context in
            Transfer.owner(context).fill(bytes, size * count)
        }
        let header: recast_curl_bytes = { bytes, size, count, context in
            Transfer.owner(context).receiveHeader(bytes, size * count)
        }
        return recast_curl_set_bytes(handle, CURLOPT_WRITEFUNCTION, write) == CURLE_OK
            && recast_curl_set_bytes(handle, CURLOPT_READFUNCTION, read) == CURLE_OK
            && recast_curl_set_bytes(handle, CURLOPT_HEADERFUNCTION, header) == CURLE_OK
            && recast_curl_set_seek(handle) { Transfer.owner($0).seek(to: $1, from: $2) } == CURLE_OK
            && recast_curl_set_open_socket(handle) { Transfer.owner($0).openSocket($2) } == CURLE_OK
    }

    private static func owner(_ context: UnsafeMutableRawPointer?) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    /// Returns how many bytes were taken; fewer than `count` ends the transfer.
    private func receive(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard let bytes, count <= request.maxResponseBytes - body.count else {
            isTooLarge = true
            return 0
        }
        if body.isEmpty, let promised = headers["content-length"].flatMap(Int.init) {
            guard promised <= request.maxResponseBytes else {
                isTooLarge = true
                return 0
            }
            body.reserveCapacity(max(promised, 0))
        }
        body.append(UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self), count: count)
        return count
    }

    private func fill(_ bytes: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int {
        let count = min(capacity, request.body.count - sentCount)
        guard let bytes, count > 0 else { return 0 }
        let start = request.body.startIndex + sentCount
        bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
            request.body.copyBytes(to: $0, from: start..<start + count)
        }
        sentCount += count
        return count
    }

    /// Begins the body again, when a kept connection turned out to be closed.
    private func seek(to offset: curl_off_t, from origin: Int32) -> Int32 {
        guard origin == SEEK_SET, (0...request.body.count).contains(Int(offset)) else {
            return CURL_SEEKFUNC_CANTSEEK
        }
        sentCount = Int(offset)
        return CURL_SEEKFUNC_OK
    }

    private func receiveHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headerByteCount += count
        guard headerByteCount <= Self.maxHeaderBytes else {
            isTooLarge = true
            return 0
        }
        let line = String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: count),
            as: UTF8.self
        )
        if line.hasPrefix("HTTP/") {
            // An interim answer (RFC 9110 §15.2) comes before the real one.
            headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
            headers[line[..<colon].lowercased()] = value
        }
        return count
    }

    /// Opens the socket for an address that a name was resolved to, unless it is not allowed.
    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let address else { return curl_socket_t(-1) }
        if !request.allowsPrivateAddresses, !Self.isPublic(address) {
            isAddressRefused = true
            return curl_socket_t(-1)
        }
        let value = address.pointee
        return socket(value.family, value.socktype | Int32(SOCK_CLOEXEC.rawValue), value.protocol)
    }

    private static func isPublic(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
        // libcurl keeps room for every family there, though the field is declared as the generic one.
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return false }
        let start = UnsafeRawPointer(address) + offset
        switch address.pointee.family {
        case AF_INET:
            let internet = start.loadUnaligned(as: sockaddr_in.self)
            return PublicAddress.holds(v4: withUnsafeBytes(of: internet.sin_addr) { Array($0) })
        case AF_INET6:
            let internet = start.loadUnaligned(as: sockaddr_in6.self)
            return PublicAddress.holds(v6: withUnsafeBytes(of: internet.sin6_addr) { Array($0) })
        default:
            return false
        }
    }
}
