// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Conversions to and from `sockaddr`. All unsafe code about addresses is here.
enum SocketAddress {
    /// Calls bind(2) or connect(2) with an address, and returns their result.
    static func with(
        _ address: ListenAddress, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        switch address {
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &name.sun_path) { memory in
                // One byte less, so that the NUL stays.
                for (index, byte) in path.utf8.prefix(memory.count - 1).enumerated() { unsafe memory[index] = byte }
            }
            return unsafe generic(&name, call)
        case .ipv4(let bytes, let port):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &name.sin_addr) { unsafe $0.copyBytes(from: bytes.prefix(4)) }
            return unsafe generic(&name, call)
        case .ipv6(let bytes, let port):
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { unsafe $0.copyBytes(from: bytes.prefix(16)) }
            return unsafe generic(&name, call)
        }
    }

    /// The address that a socket is bound to: getsockname(2). An abstract Unix address begins with "@".
    static func local(of descriptor: Int32) -> ListenAddress? {
        unsafe told { unsafe getsockname(descriptor, $0, $1) }
    }

    /// The address at the other end of a connection: getpeername(2).
    static func remote(of descriptor: Int32) -> ListenAddress? {
        unsafe told { unsafe getpeername(descriptor, $0, $1) }
    }

    private static func told(
        by call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> ListenAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let bytes: [UInt8]? = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            let answer = unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, &size)
            }
            guard answer == 0, size <= socklen_t(MemoryLayout<sockaddr_storage>.size) else { return nil }
            return unsafe Array(UnsafeRawBufferPointer(start: pointer, count: Int(size)))
        }
        guard let bytes, bytes.count >= 2 else { return nil }
        let port = bytes.count >= 4 ? UInt16(bytes[2]) << 8 | UInt16(bytes[3]) : 0
        switch Int32(storage.ss_family) {
        case AF_UNIX:
            let path = bytes[2...]
            if path.first == 0, path.count > 1 { return .unix("@" + String(decoding: path.dropFirst(), as: UTF8.self)) }
            return .unix(String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
        case AF_INET where bytes.count >= 8: return .ipv4(Array(bytes[4..<8]), port: port)
        case AF_INET6 where bytes.count >= 24: return .ipv6(Array(bytes[8..<24]), port: port)
        default: return nil
        }
    }

    /// The address family of socket(2).
    static func family(of address: ListenAddress) -> Int32 {
        switch address {
        case .unix: AF_UNIX
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        }
    }

    private static func generic<Name>(
        _ name: inout Name, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe call($0, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }
}
