// SPDX-License-Identifier: Apache-2.0
import Glibc
internal import TopicModel

/// Files read whole.
enum FileContent {
    /// More than this is refused: training keeps all of it in memory.
    static let mostBytes = 4 << 30

    /// The bytes of a file, or of the standard input if `path` is `-`.
    static func read(_ path: String) throws(TopicModelError) -> [UInt8] {
        let descriptor = unsafe path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var status = stat()
        if unsafe fstat(descriptor, &status) == 0, status.st_size > 0, status.st_size <= mostBytes {
            bytes.reserveCapacity(Int(status.st_size) + 1)
        }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            guard bytes.count + count <= mostBytes else {
                throw TopicModelError(.unsuitable, "\(path) has more than \(mostBytes) bytes; train on a part of it")
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    private static func failure(_ path: String) -> TopicModelError {
        let reason = unsafe String(cString: strerror(errno))
        return TopicModelError(.unreadable, "cannot read \(path): \(reason)")
    }
}
