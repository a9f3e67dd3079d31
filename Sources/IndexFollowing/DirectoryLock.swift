// SPDX-License-Identifier: Apache-2.0
import Glibc
internal import Synchronization

/// Sees to it that nobody else opens an index, in this process or another one: flock(2) on the file `lock`.
package final class DirectoryLock: Sendable {
    /// Holds the lock while it is open; -1: not locked.
    private let descriptor: Mutex<Int32>

    /// Locks a directory. Does not wait.
    ///
    /// - Throws: `locked` if somebody has it open.
    package init(_ directory: String) throws(IndexError) {
        let path = directory + "/lock"
        // It was there when the plugin started; somebody may have removed it since.
        _ = unsafe mkdir(directory, 0o750)
        let opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard opened >= 0 else { throw Self.failure("open", path) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            defer { close(opened) }
            guard errno == EWOULDBLOCK else { throw Self.failure("lock", path) }
            throw IndexError(kind: .locked, message: "another process has it open")
        }
        descriptor = Mutex(opened)
    }

    deinit { unlock() }

    /// Gives the lock back.
    package func unlock() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }

    private static func failure(_ verb: String, _ path: String) -> IndexError {
        IndexError(kind: .io, message: "cannot \(verb) \(path): \(unsafe String(cString: strerror(errno)))")
    }
}
