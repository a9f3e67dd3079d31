// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Where to listen, as `--listen` and the configuration give it.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A path.
    case unix(String)
    /// IPv4, four bytes of the address.
    case ipv4([UInt8], port: UInt16)
    /// IPv6, sixteen bytes of the address.
    case ipv6([UInt8], port: UInt16)

    /// Bytes of a Unix socket's path: `sun_path` less the NUL.
    static let longestPath = 107

    /// `unix:/path`, `tcp:127.0.0.1:4100` or `tcp:[::1]:4100`. Throws what is wrong, in words.
    public init(_ text: String) throws(StartError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count <= Self.longestPath, !path.utf8.contains(0) else {
                throw StartError(
                    .usage, "\"\(text)\": the path has to be absolute, and of at most \(Self.longestPath) bytes")
            }
            self = .unix(path)
        } else if text.hasPrefix("tcp:"), let address = Self.tcp(text.dropFirst(4)) {
            self = address
        } else {
            throw StartError(
                .usage,
                "\"\(text)\" is none of unix:/PATH, tcp:ADDRESS:PORT and tcp:[ADDRESS]:PORT; names are not looked up")
        }
    }

    /// Whether only this machine can connect.
    var isLocal: Bool {
        switch self {
        case .unix: true
        case .ipv4(let address, _): address.first == 127
        case .ipv6(let address, _):
            address == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
                || (address.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] && address[12] == 127)
        }
    }

    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .ipv4(_, let port): "tcp:\(InternetAddress.text(of: self)):\(port)"
        case .ipv6(_, let port): "tcp:[\(InternetAddress.text(of: self))]:\(port)"
        }
    }

    private static func tcp(_ text: Substring) -> ListenAddress? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return InternetAddress.ipv6(String(host.dropFirst().dropLast())).map { .ipv6($0, port: port) }
        }
        return InternetAddress.ipv4(String(host)).map { .ipv4($0, port: port) }
    }
}

/// Addresses as text: inet_pton(3), inet_ntop(3).
enum InternetAddress {
    static func ipv4(_ text: String) -> [UInt8]? { bytes(text, AF_INET, 4) }
    static func ipv6(_ text: String) -> [UInt8]? { bytes(text, AF_INET6, 16) }

    /// Without the port.
    static func text(of address: ListenAddress) -> String {
        switch address {
        case .unix(let path): path
        case .ipv4(let bytes, _): text(bytes, AF_INET)
        case .ipv6(let bytes, _): text(bytes, AF_INET6)
        }
    }

    private static func bytes(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    private static func text(_ bytes: [UInt8], _ family: Int32) -> String {
        guard bytes.count == (family == AF_INET ? 4 : 16) else { return "?" }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        return unsafe text.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe inet_ntop(family, bytes, start, socklen_t(buffer.count)) != nil
            else { return "?" }
            return unsafe String(cString: start)
        }
    }
}
