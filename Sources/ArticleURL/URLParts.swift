// SPDX-License-Identifier: Apache-2.0
/// The parts of an absolute URL (RFC 3986, section 3 and appendix B). Together with their delimiters they are the URL.
struct URLParts {
    private typealias Bytes = ArraySlice<UInt8>

    private let scheme: Bytes
    /// Behind "//".
    private let authority: Bytes?
    private let path: Bytes
    /// Behind "?".
    private let query: Bytes?
    /// Behind "#".
    private let fragment: Bytes?

    /// `nil` unless the URL begins with a scheme.
    init?(_ url: [UInt8]) {
        let scheme = url.prefix { $0 != UInt8(ascii: ":") }
        guard scheme.count < url.count, let first = scheme.first, first.isLowercase || first.isUppercase,
            scheme.allSatisfy({ $0.isLowercase || $0.isUppercase || $0.isDigit || $0.isInSchemeBesides })
        else { return nil }
        self.scheme = scheme
        var rest = url[(scheme.endIndex + 1)...]
        if rest.starts(with: Array("//".utf8)) {
            rest = rest.dropFirst(2)
            let authority = rest.prefix { ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
            self.authority = authority
            rest = rest[authority.endIndex...]
        } else {
            authority = nil
        }
        path = rest.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        rest = rest[path.endIndex...]
        if rest.first == UInt8(ascii: "?") {
            let query = rest.dropFirst().prefix { $0 != UInt8(ascii: "#") }
            self.query = query
            rest = rest[query.endIndex...]
        } else {
            query = nil
        }
        fragment = rest.first == UInt8(ascii: "#") ? rest.dropFirst() : nil
    }

    /// The normal form.
    func normalized(_ rules: URLRules) -> [UInt8] {
        let scheme = self.scheme.map(\.lowercased)
        var url = scheme + [UInt8(ascii: ":")]
        url.reserveCapacity(url.count + path.count + (query?.count ?? 0) + 64)
        var path = PercentEncoding.normalized(self.path)
        // A malformed path is not touched: what it would be with its faults mended is not known.
        if path.first == UInt8(ascii: "/"), !PercentEncoding.isMalformed(path[...]) { path = Self.withoutDots(path) }
        if let authority {
            url += Array("//".utf8) + Authority(authority).normalized(scheme: scheme)
            if path.isEmpty, !authority.isEmpty { path = [UInt8(ascii: "/")] }
        } else if path.starts(with: Array("//".utf8)) {
            // Without this it would be taken for an authority.
            path = Array("/.".utf8) + path
        }
        url += path
        if let query = rules.stripping(query) { url += [UInt8(ascii: "?")] + PercentEncoding.normalized(query[...]) }
        if let fragment { url += [UInt8(ascii: "#")] + PercentEncoding.normalized(fragment) }
        return url
    }

    /// The URL without the query parameters that do not count.
    func strippingQuery(_ rules: URLRules) -> [UInt8] {
        var url = scheme + [UInt8(ascii: ":")]
        if let authority { url += Array("//".utf8) + authority }
        url += path
        if let query = rules.stripping(query) { url += [UInt8(ascii: "?")] + query }
        if let fragment { url += [UInt8(ascii: "#")] + fragment }
        return Array(url)
    }

    /// The path without "." and "..": RFC 3986, section 5.2.4, for a path that begins with "/".
    private static func withoutDots(_ path: [UInt8]) -> [UInt8] {
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var kept: [Bytes] = []
        for (index, segment) in segments.enumerated() {
            let isDot = segment.elementsEqual(Array(".".utf8))
            let isDouble = segment.elementsEqual(Array("..".utf8))
            if isDouble, !kept.isEmpty { kept.removeLast() }
            guard isDot || isDouble else {
                kept.append(segment)
                continue
            }
            // The directory itself.
            if index == segments.count - 1 { kept.append([]) }
        }
        return [UInt8(ascii: "/")] + kept.joined(separator: [UInt8(ascii: "/")])
    }
}

/// "user@host:port" (RFC 3986, section 3.2).
private struct Authority {
    private static let defaultPorts = ["http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"]

    private let user: ArraySlice<UInt8>?
    private let host: ArraySlice<UInt8>
    /// Digits, perhaps none.
    private let port: ArraySlice<UInt8>?

    init(_ authority: ArraySlice<UInt8>) {
        var rest = authority
        if let end = rest.lastIndex(of: UInt8(ascii: "@")) {
            user = rest[..<end]
            rest = rest[(end + 1)...]
        } else {
            user = nil
        }
        // A host with colons has brackets around it (RFC 3986, section 3.2.2).
        if let colon = rest.lastIndex(of: UInt8(ascii: ":")), rest[(colon + 1)...].allSatisfy(\.isDigit),
            !rest[..<colon].contains(UInt8(ascii: ":"))
                || rest.first == UInt8(ascii: "[") && rest[..<colon].last == UInt8(ascii: "]")
        {
            host = rest[..<colon]
            port = rest[(colon + 1)...]
        } else {
            host = rest
            port = nil
        }
    }

    func normalized(scheme: [UInt8]) -> [UInt8] {
        var authority: [UInt8] = []
        if let user { authority += PercentEncoding.normalized(user) + [UInt8(ascii: "@")] }
        authority += HostName.normalized(host)
        if let port, !port.isEmpty,
            Self.defaultPorts[String(decoding: scheme, as: UTF8.self)].map({ port.elementsEqual($0.utf8) }) != true
        {
            authority += [UInt8(ascii: ":")] + port
        }
        return authority
    }
}

/// Percent-encoding (RFC 3986, section 2.1; RFC 3987, section 3.1).
enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Whether a "%" has no two hexadecimal digits behind it.
    static func isMalformed(_ text: ArraySlice<UInt8>) -> Bool {
        text.indices.contains { text[$0] == UInt8(ascii: "%") && octet(text, at: $0) == nil }
    }

    /// Unreserved characters as they are, all other octets as "%C3"; reserved characters stay what they are. A malformed text
    /// keeps its "%".
    static func normalized(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let isMalformed = isMalformed(text)
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if !isMalformed, let octet = octet(text, at: index) {
                if octet.isUnreserved { result.append(octet) } else { encode(octet, to: &result) }
                index += 3
                continue
            }
            if byte < 0x80 { result.append(byte) } else { encode(byte, to: &result) }
            index += 1
        }
        return result
    }

    /// The same, but bytes above ASCII are decoded, too.
    static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if let octet = octet(text, at: index) {
                if octet.isUnreserved || octet >= 0x80 { result.append(octet) } else { encode(octet, to: &result) }
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// The octet that is encoded at the index.
    private static func octet(_ text: ArraySlice<UInt8>, at index: Int) -> UInt8? {
        guard text[index] == UInt8(ascii: "%"), text.endIndex - index > 2, let high = text[index + 1].hexadecimal,
            let low = text[index + 2].hexadecimal
        else { return nil }
        return high << 4 | low
    }

    private static func encode(_ octet: UInt8, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "%"))
        text.append(digits[Int(octet >> 4)])
        text.append(digits[Int(octet & 15)])
    }
}
