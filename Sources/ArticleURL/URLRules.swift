// SPDX-License-Identifier: Apache-2.0
/// When two URLs are the same: the equivalences of RFC 3986, section 6.2.2 and 6.2.3, and what the administrator adds.
///
/// Equal are, besides equal texts: scheme and host in any case; a default port and none; an empty path and "/" after a
/// host; paths with dot segments and without; "%c3" and "%C3"; "%7E" and "~"; a character and its percent-encoded UTF-8
/// (RFC 3987); an international host name and its form in ASCII (RFC 5891). A different fragment is a different URL.
///
/// A part that is malformed is compared as it is. Nothing is an error.
public struct URLRules: Sendable, Equatable {
    /// Names of query parameters that do not count: "fbclid"; with "*" at the end all that begin so, "utm_*".
    public let strippedParameters: [String]

    private let stripped: [(name: [UInt8], isPrefix: Bool)]

    /// The equivalences of the RFC alone.
    public static let standard = URLRules(unchecked: [])

    private init(unchecked parameters: [String]) {
        strippedParameters = parameters
        stripped = parameters.map { name in
            name.hasSuffix("*") ? (Array(name.utf8.dropLast()), true) : (Array(name.utf8), false)
        }
    }

    /// The most names, and the most bytes of one.
    private static let (maxNames, maxBytes) = (256, 128)

    /// Why names of parameters cannot be taken.
    public struct Problem: Error, Equatable, CustomStringConvertible {
        /// The cause, for people.
        public let description: String
    }

    /// Creates rules. Throws if a name cannot be one of a parameter.
    public init(strippedParameters names: [String]) throws(Problem) {
        guard names.count <= Self.maxNames else {
            throw Problem(description: "\(names.count) names of parameters; at most \(Self.maxNames) are allowed")
        }
        for name in names {
            let start = name.hasSuffix("*") ? name.dropLast() : name[...]
            guard !start.isEmpty, name.utf8.count <= Self.maxBytes, start.utf8.allSatisfy(Self.isInName) else {
                throw Problem(
                    description:
                        "\"\(name.prefix(80))\" is no name of a query parameter: letters, digits and . _ ~ - [ ] : are "
                        + "allowed, and * at the end")
            }
        }
        self.init(unchecked: names)
    }

    /// The names in a text, separated by commas: "utm_*,fbclid". Throws as above.
    public init(strippedParameters list: String) throws(Problem) {
        try self.init(
            strippedParameters: list.split(separator: ",").map { name in
                var name = name
                while name.first == " " { name.removeFirst() }
                while name.last == " " { name.removeLast() }
                return String(name)
            })
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        byte.isUnreserved || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: ":")
    }

    public static func == (a: URLRules, b: URLRules) -> Bool { a.strippedParameters == b.strippedParameters }

    /// The query without the parameters that do not count; `nil` if there is none, or nothing else was in it.
    func stripping(_ query: ArraySlice<UInt8>?) -> [UInt8]? {
        guard let query, !stripped.isEmpty else { return query.map { Array($0) } }
        let parameters = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        let kept = parameters.filter { !strips($0) }
        return kept.isEmpty ? nil : Array(kept.joined(separator: [UInt8(ascii: "&")]))
    }

    /// Whether a query parameter ("name=value") does not count. Its name may be percent-encoded.
    private func strips(_ parameter: ArraySlice<UInt8>) -> Bool {
        let name = PercentEncoding.normalized(parameter.prefix { $0 != UInt8(ascii: "=") })
        return stripped.contains { $0.isPrefix ? name.starts(with: $0.name) : name.elementsEqual($0.name) }
    }
}

extension URLRules {
    /// The form that all equal URLs have in common; it is its own normal form.
    ///
    /// - Parameter url: any bytes. What is no absolute URL comes back as it is.
    public func normalized(_ url: [UInt8]) -> [UInt8] {
        guard let parts = URLParts(url) else { return url }
        return parts.normalized(self)
    }

    /// The same for a text.
    public func normalized(_ url: String) -> String {
        String(decoding: normalized(Array(url.utf8)), as: UTF8.self)
    }

    /// The URL without the parameters that do not count, and otherwise as it is.
    public func strippingQuery(_ url: String) -> String {
        guard !stripped.isEmpty, let parts = URLParts(Array(url.utf8)) else { return url }
        return String(decoding: parts.strippingQuery(self), as: UTF8.self)
    }

    /// Whether the URL is known to be in its normal form, without a copy. Few that are in it are not recognized.
    public func isPlain(_ url: RawSpan) -> Bool {
        var scan = PlainScan(url)
        guard scan.scheme(), scan.host(), scan.path() else { return false }
        return scan.query() && (stripped.isEmpty || !scan.hasQuery)
    }
}

/// Recognizes the usual URL: "https://host/path", with nothing in it that normalizing could change.
private struct PlainScan: ~Escapable {
    private let url: RawSpan
    private var offset = 0
    private(set) var hasQuery = false

    @_lifetime(copy url)
    init(_ url: RawSpan) { self.url = url }

    private subscript(offset: Int) -> UInt8? {
        guard offset < url.byteCount else { return nil }
        return unsafe url.unsafeLoad(fromByteOffset: offset, as: UInt8.self)  // not negative, and within the span
    }

    @_lifetime(self: copy self)
    mutating func scheme() -> Bool {
        while let byte = self[offset], byte.isLowercase || offset > 0 && (byte.isDigit || byte.isInSchemeBesides) {
            offset += 1
        }
        guard offset > 0, self[offset] == UInt8(ascii: ":"), self[offset + 1] == UInt8(ascii: "/"),
            self[offset + 2] == UInt8(ascii: "/")
        else { return false }
        offset += 3
        return true
    }

    @_lifetime(self: copy self)
    mutating func host() -> Bool {
        let start = offset
        while let byte = self[offset],
            byte.isLowercase || byte.isDigit || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        {
            offset += 1
        }
        return offset > start && self[offset] == UInt8(ascii: "/")
    }

    @_lifetime(self: copy self)
    mutating func path() -> Bool {
        while let byte = self[offset], byte != UInt8(ascii: "?"), byte != UInt8(ascii: "#") {
            if byte == UInt8(ascii: "/"), self[offset + 1] == UInt8(ascii: ".") { return false }
            guard isNormal(byte) else { return false }
            offset += 1
        }
        hasQuery = self[offset] == UInt8(ascii: "?")
        return true
    }

    @_lifetime(self: copy self)
    mutating func query() -> Bool {
        while let byte = self[offset] {
            guard isNormal(byte) else { return false }
            offset += 1
        }
        return true
    }

    /// Whether the character at the offset stays as it is.
    private func isNormal(_ byte: UInt8) -> Bool {
        guard byte == UInt8(ascii: "%") else { return byte < 0x80 }
        guard let high = self[offset + 1], let low = self[offset + 2], !high.isLowercase, !low.isLowercase,
            let first = high.hexadecimal, let second = low.hexadecimal
        else { return false }
        return !(first << 4 | second).isUnreserved
    }
}

extension UInt8 {
    var isLowercase: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
    var isUppercase: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    /// In a scheme, behind its first letter.
    var isInSchemeBesides: Bool {
        self == UInt8(ascii: "+") || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
    }
    /// RFC 3986, section 2.3.
    var isUnreserved: Bool {
        isLowercase || isUppercase || isDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
            || self == UInt8(ascii: "_") || self == UInt8(ascii: "~")
    }
    var lowercased: UInt8 { isUppercase ? self | 0x20 : self }
    var hexadecimal: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
