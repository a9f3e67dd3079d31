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
        let beginning = String(decoding: bytes.prefix(4096), as: UTF8.self).trimmingBlanks
        let lower = beginning.prefix(20).lowercased()
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: { lower.hasPrefix($0) }) {
            message =
                "it is an HTML page, not plain text: make text of it, as with `w3m -dump -T text/html FILE`; --format "
                + "text stores it as it is"
        } else if ["<?xml", "<rss", "<feed", "<urlset", "<sitemapindex", "<rdf:rdf", "<!doctype"].contains(where: {
            lower.hasPrefix($0)
        }) {
            message =
                "it is XML, not plain text: make JSON of it, one object for each article; --format text stores it as it is"
        } else if lower.hasPrefix("{\\rtf") {
            message = "it is a document in RTF, not plain text: export it as text first"
        } else if Self.isTable(beginning) {
            message =
                "it is a table (CSV or TSV), not plain text: make JSON Lines of it, as with `mlr --icsv --ojsonl cat FILE`; "
                + "--format text stores it as it is"
        } else {
            return nil
        }
    }

    private static let binary: [([UInt8], String)] = [
        (Array("%PDF-".utf8), "a PDF"), ([0x50, 0x4b, 0x03, 0x04], "an archive or document of zip's format"),
        ([0xd0, 0xcf, 0x11, 0xe0], "a document of an old office program"),
        ([0x37, 0x7a, 0xbc, 0xaf], "an archive of 7-Zip"),
        ([0x89, 0x50, 0x4e, 0x47], "an image"), ([0xff, 0xd8, 0xff], "an image"), (Array("GIF8".utf8), "an image"),
        (Array("SQLite format 3".utf8), "a database of SQLite"),
    ]

    /// Whether the first line names columns: two at least are names of an article's fields.
    private static func isTable(_ text: Substring) -> Bool {
        let line = text.prefix { !$0.isNewline }
        return [",", ";", "\t", "|"].contains { separator in
            let names = line.split(separator: Character(separator), omittingEmptySubsequences: false).map { name in
                name.filter { $0 != "\"" }.trimmingBlanks.lowercased()
            }
            guard names.count >= 2, names.allSatisfy({ $0.utf8.count <= 40 && !$0.contains(" ") }) else { return false }
            return names.count { RecordField.lowercasedNames.contains($0) } >= 2
        }
    }
}
