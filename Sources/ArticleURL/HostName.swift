// SPDX-License-Identifier: Apache-2.0
internal import CIDN2

/// Names of hosts, which are compared without case; international ones in their form in ASCII (RFC 5891, UTS 46).
enum HostName {
    /// Longer than any name that a resolver takes. libidn2 takes time that grows with the square of the length.
    private static let maxBytes = 1024

    /// The normal form. What is no name of a host is compared without case.
    static func normalized(_ host: ArraySlice<UInt8>) -> [UInt8] {
        if PercentEncoding.isMalformed(host) { return lowercased(PercentEncoding.normalized(host)) }
        let decoded = PercentEncoding.decoded(host)
        if decoded.contains(where: { $0 >= 0x80 }), let name = ascii(decoded) { return name }
        return lowercased(PercentEncoding.normalized(decoded[...]))
    }

    /// In lower case, but percent-encoded octets in upper case.
    private static func lowercased(_ host: [UInt8]) -> [UInt8] {
        var result = host
        var rest = 0
        for index in host.indices {
            if rest > 0 {
                rest -= 1
            } else if host[index] == UInt8(ascii: "%"), !PercentEncoding.isMalformed(host[index...].prefix(3)) {
                rest = 2
            } else {
                result[index] = host[index].lowercased
            }
        }
        return result
    }

    /// "xn--bo-mia.vn" for "báo.vn"; `nil` if it is no name of a host.
    private static func ascii(_ host: [UInt8]) -> [UInt8]? {
        guard host.count <= maxBytes, host.allSatisfy({ $0 >= 0x80 || isInName($0) }) else { return nil }
        var name: UnsafeMutablePointer<UInt8>?
        let code = unsafe (host + [0]).withUnsafeBufferPointer { text in
            unsafe idn2_lookup_u8(
                text.baseAddress, &name, CInt(IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue))
        }
        defer { unsafe idn2_free(name) }
        guard code == IDN2_OK.rawValue, let start = unsafe name else { return nil }
        let found = unsafe String(cString: start)
        // A character that is mapped to a delimiter would make another URL of it.
        guard !found.isEmpty, found.utf8.allSatisfy({ isInName($0) && !$0.isUppercase }) else { return nil }
        return Array(found.utf8)
    }

    private static func isInName(_ byte: UInt8) -> Bool { byte.isUnreserved && byte != UInt8(ascii: "~") }
}
