// SPDX-License-Identifier: Apache-2.0

/// A kind of file that would be misread as plain text: told by its content, whatever it is called.
struct ForeignKind {
    /// What it is, and what to do about it.
    let message: String

    /// nil if it may be plain text.
    init?(beginningWith bytes: [UInt8]) {
        if let kind = Self.binary.first(where: { bytes.starts(with: $0.0) }) {
            message = "it is \(kind.1), not plain text: export it as text or JSON first"
            return
        }
        guard String(decoding: bytes.prefix(64), as: UTF8.self).trimmingBlanks.lowercased().hasPrefix("{\\rtf") else {
            return nil
        }
        message = "it is a document in RTF, not plain text: export it as text first"
    }

    private static let binary: [([UInt8], String)] = [
        (Array("%PDF-".utf8), "a PDF"),
        ([0xd0, 0xcf, 0x11, 0xe0], "a document of an old office program"),
        ([0x37, 0x7a, 0xbc, 0xaf], "an archive of 7-Zip"),
        ([0x89, 0x50, 0x4e, 0x47], "an image"), ([0xff, 0xd8, 0xff], "an image"), (Array("GIF8".utf8), "an image"),
        (Array("SQLite format 3".utf8), "a database of SQLite"),
    ]
}
