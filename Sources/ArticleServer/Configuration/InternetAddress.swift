internal import Glibc

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
