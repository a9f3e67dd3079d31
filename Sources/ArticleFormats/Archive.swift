// SPDX-License-Identifier: Apache-2.0
private import CArchive
private import Glibc

/// The files in an archive (tar, zip), or the one in a compressed file (gzip, xz, zstd, bzip2). libarchive reads it from the
/// beginning to the end, so memory does not depend on its size. Nothing is written to disk.
@safe package final class Archive {
    package struct Entry: Sendable {
        /// As the archive has it, in bytes; nil for the content of a compressed file.
        package let path: [UInt8]?
        package let kind: Kind

        package enum Kind: Sendable {
            case file
            /// Its content cannot be read without a password.
            case encrypted
            /// Folders, links, and what else has no content.
            case other
        }
    }

    /// What is wrong with the archive.
    package struct Failure: Error, Equatable {
        package let message: String
        /// Nothing behind it can be read.
        package let isFinal: Bool
    }

    @safe private final class Input {
        let next: () -> [UInt8]
        /// What libarchive was given last; it reads it until it asks for more.
        var piece: UnsafeMutableRawBufferPointer
        init(_ next: @escaping () -> [UInt8]) {
            self.next = next
            unsafe piece = .allocate(byteCount: 0, alignment: 1)
        }
        deinit { unsafe piece.deallocate() }
    }

    private let input: Input
    private let archive: OpaquePointer

    /// Whether a file that begins so is an archive, or compressed.
    package static func isArchive(beginningWith bytes: [UInt8]) -> Bool {
        let marks: [[UInt8]] = [
            [0x1f, 0x8b], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], [0x28, 0xb5, 0x2f, 0xfd], Array("BZh".utf8),
            [0x50, 0x4b, 0x03, 0x04], [0x50, 0x4b, 0x05, 0x06],
        ]
        return marks.contains { bytes.starts(with: $0) }
            || bytes.count >= 262 && bytes[257..<262].elementsEqual(Array("ustar".utf8))
    }

    /// How many bytes `isArchive` looks at.
    package static let beginning = 512

    /// - Parameter next: the next bytes of the archive; empty at the end.
    package init(next: @escaping () -> [UInt8]) throws(Failure) {
        guard let archive = unsafe archive_read_new() else {
            throw Failure(message: "there is not enough memory", isFinal: true)
        }
        unsafe self.archive = archive
        input = Input(next)
        // A warning would tell that a program is used, which Debian's library need not.
        _ = unsafe archive_read_support_filter_gzip(archive)
        _ = unsafe archive_read_support_filter_xz(archive)
        _ = unsafe archive_read_support_filter_zstd(archive)
        _ = unsafe archive_read_support_filter_bzip2(archive)
        _ = unsafe archive_read_support_format_tar(archive)
        _ = unsafe archive_read_support_format_zip_streamable(archive)
        _ = unsafe archive_read_support_format_raw(archive)
        _ = unsafe archive_read_support_format_empty(archive)
        let context = unsafe Unmanaged.passUnretained(input).toOpaque()
        let opened = unsafe archive_read_open(
            archive, context, nil,
            { _, context, buffer in
                guard let context = unsafe context, let buffer = unsafe buffer else { return -1 }
                let input = unsafe Unmanaged<Input>.fromOpaque(context).takeUnretainedValue()
                let bytes = input.next()
                unsafe input.piece.deallocate()
                unsafe input.piece = .allocate(byteCount: bytes.count, alignment: 1)
                unsafe input.piece.copyBytes(from: bytes)
                unsafe buffer.pointee = UnsafeRawPointer(input.piece.baseAddress)
                return bytes.count
            }, nil)
        guard opened == ARCHIVE_OK else { throw failure(opened) }
    }

    deinit { unsafe archive_read_free(archive) }

    /// The next one; nil at the end.
    package func next() throws(Failure) -> Entry? {
        var entry: OpaquePointer?
        let result = unsafe archive_read_next_header(archive, &entry)
        if result == ARCHIVE_EOF { return nil }
        guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let entry = unsafe entry else { throw failure(result) }
        let isRaw = unsafe archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_RAW
        let isFile = unsafe archive_entry_filetype(entry) & 0o170000 == 0o100000 && archive_entry_hardlink(entry) == nil
        let kind: Entry.Kind =
            unsafe archive_entry_is_data_encrypted(entry) != 0 ? .encrypted : isFile || isRaw ? .file : .other
        return Entry(path: isRaw ? nil : unsafe Self.path(entry), kind: kind)
    }

    /// The next bytes of the file that `next` has returned; empty at its end.
    package func read() throws(Failure) -> [UInt8] {
        var failure: Failure?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
            let size = unsafe archive_read_data(archive, buffer.baseAddress, buffer.count)
            count = max(0, size)
            if size < 0 { failure = self.failure(Int32(clamping: size)) }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Zip tells which names are UTF-8; the others are bytes of an encoding that nobody knows.
    private static func path(_ entry: OpaquePointer) -> [UInt8] {
        guard let name = unsafe archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
    }

    private func failure(_ result: Int32) -> Failure {
        let message = unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? "it is damaged"
        return Failure(message: message, isFinal: result == ARCHIVE_FATAL)
    }
}
