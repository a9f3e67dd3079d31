// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A terminal that a test types at and reads from: pts(4).
final class PseudoTerminal {
    struct Failed: Error {
        let seen: String
    }

    private let master: Int32
    /// The side of the program.
    let handle: FileHandle

    init() throws {
        master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // Glibc's module lacks the functions for these.
        var number: UInt32 = 0
        var locked: Int32 = 0
        let (tiocgptn, tiocsptlck): (UInt, UInt) = (0x8004_5430, 0x4004_5431)
        guard master >= 0, unsafe ioctl(master, tiocsptlck, &locked) == 0,
            unsafe ioctl(master, tiocgptn, &number) == 0
        else { throw Failed(seen: "") }
        let terminal = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { throw Failed(seen: "") }
        handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
    }

    deinit { close(master) }

    /// What the program shows, up to and with `text`; 60 seconds at most.
    func read(until text: String) throws -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<600 {
            var wait = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&wait, 1, 100) > 0 else { continue }
            let count = unsafe Glibc.read(master, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece[..<count]
            let seen = String(decoding: bytes, as: UTF8.self)
            if seen.contains(text) { return seen }
        }
        throw Failed(seen: String(decoding: bytes, as: UTF8.self))
    }

    func type(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard unsafe write(master, bytes, bytes.count) == bytes.count else { throw Failed(seen: "") }
    }
}
