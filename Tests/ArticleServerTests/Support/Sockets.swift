import Glibc
import Testing

@testable import ArticleServer

/// Two connected, non-blocking Unix sockets.
func socketPair() throws -> (Int32, Int32) {
    var pair: [Int32] = [0, 0]
    let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    try #require(unsafe socketpair(AF_UNIX, flags, 0, &pair) == 0)
    return (pair[0], pair[1])
}

/// What can be read without waiting.
func drain(_ descriptor: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = unsafe read(descriptor, &block, block.count)
        if count <= 0 { return all }
        all += block[..<count]
    }
}

/// Whether there is something that nobody has read yet.
func hasInput(_ descriptor: Int32) -> Bool {
    var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&asked, 1, 0) == 1
}

/// Sends a frame in one piece, which the socket must take.
func deliver(_ frame: WireFrame, to descriptor: Int32) throws {
    let bytes = frame.bytes
    let written = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    try #require(written == bytes.count)
}
