// SPDX-License-Identifier: Apache-2.0

import ArticleProtocol
internal import Glibc

/// The articles that are to be deleted, with the revisions that they were counted at: in a temporary file without a name, so
/// that any number of them takes no memory. Written first, then read once.
@safe final class SubjectFile {  // the file is open from `init` to `deinit`
    private static let size = 24

    private let file: UnsafeMutablePointer<FILE>
    private(set) var count = 0

    init() throws(CommandFailure) {
        guard let file = unsafe tmpfile() else {
            throw CommandFailure(.io, "no temporary file can be made: \(SystemText.describing(errno))")
        }
        unsafe self.file = file
    }

    deinit { unsafe _ = fclose(file) }

    func append(_ subject: Deletion.Subject) throws(CommandFailure) {
        var bytes = subject.id.bytes
        // No article is at revision 0.
        let revision = subject.revision ?? 0
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: revision >> shift))
        }
        guard unsafe fwrite(bytes, 1, Self.size, file) == Self.size else { throw failure() }
        count += 1
    }

    /// Everything was appended.
    func rewind() throws(CommandFailure) {
        guard unsafe fflush(file) == 0, unsafe fseek(file, 0, SEEK_SET) == 0 else { throw failure() }
    }

    /// The next one, in the order in which they were appended; nil at the end.
    func next() throws(CommandFailure) -> Deletion.Subject? {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        let count = unsafe fread(&bytes, 1, Self.size, file)
        if count == 0, unsafe ferror(file) == 0 { return nil }
        guard count == Self.size, let id = ArticleID(bytes: Array(bytes[..<16])) else { throw failure() }
        var revision: UInt64 = 0
        for byte in bytes[16...].reversed() { revision = revision << 8 | UInt64(byte) }
        return Deletion.Subject(id: id, revision: revision == 0 ? nil : revision)
    }

    private func failure() -> CommandFailure {
        CommandFailure(.io, "the temporary file: \(SystemText.describing(errno))")
    }
}
