// SPDX-License-Identifier: Apache-2.0
internal import Glibc
import JSONTree

/// A file that articles are read from.
struct InputFile: Sendable, Equatable {
    /// As it can be opened; "-" is standard input.
    let path: String
    /// Set if a directory was given: that, and the file's path in it.
    let place: Place?

    struct Place: Sendable, Equatable {
        let directory: String
        let relative: String
    }

    init(_ path: String) {
        self.path = path
        place = nil
    }

    private init(_ relative: String, in directory: String) {
        path = directory + "/" + relative
        place = Place(directory: directory, relative: relative)
    }

    /// A file in an archive.
    init(_ relative: String, in archive: InputFile) {
        path = (archive.path == "-" ? "standard input" : archive.path) + "/" + relative
        // Standard input has no name that its files could be known by.
        place = archive.path == "-" ? nil : Place(directory: archive.path, relative: relative)
        collection = archive.namespace
    }

    /// What a compressed file holds: its name says what it is, without the last extension.
    init(unpackedFrom packed: InputFile) {
        path =
            packed.isPacked
            ? String(packed.path[..<(packed.path.lastIndex(of: ".") ?? packed.path.endIndex)]) : packed.path
        place = packed.place
        collection = packed.namespace
    }

    /// The namespace of the archive, if it is in one.
    private var collection: String?

    /// Whether its name says that it is an archive, or compressed.
    var isPacked: Bool {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: ".") else { return false }
        return ["gz", "xz", "zst", "bz2", "tgz", "txz", "tzst", "tbz2", "tar", "zip"].contains(
            file[file.index(after: dot)...].lowercased())
    }

    /// The name of the collection that its records belong to; nil for standard input.
    var namespace: String? {
        if let collection { return collection }
        if let place, InputFormat(ofName: path)?.isOneArticle == true {
            return FileName.shown(Directory.absolute(place.directory))
        }
        return path == "-" ? nil : FileName.shown(Directory.absolute(path))
    }

    /// In bytes; nil if unknown.
    var size: Int? {
        guard path != "-", let status = Directory.status(path), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// As it is shown.
    var name: String { path == "-" ? "standard input" : FileName.shown(path) }

    /// The files of a directory, sorted by what to do with them.
    struct Found {
        /// Those that hold articles.
        var files: [InputFile] = []
        /// How many are of other kinds, and one of them.
        var others = 0
        var other: String?
        /// What could not be looked into, and what is passed over without a loss.
        var problems: [String] = []
        var remarks: [String] = []
    }

    /// The files of a directory whose names say that they hold articles; with `all`, whatever they are called.
    static func all(in directory: String, all: Bool = false) throws(CommandFailure) -> Found {
        let survey = try Directory.survey(below: directory)
        var found = Found(problems: survey.problems, remarks: survey.remarks)
        for path in survey.files {
            let file = InputFile(path, in: directory)
            if all || InputFormat(ofName: path) != nil || file.isPacked {
                found.files.append(file)
            } else {
                found.others += 1
                if found.other == nil { found.other = FileName.shown(path) }
            }
        }
        return found
    }
}

/// What a file holds.
enum InputFormat: String, CaseIterable, Sendable {
    /// One article as plain text.
    case text
    /// One article as a JSON object, several one after the other, or an array of them.
    case json
    /// One JSON object on each line.
    case jsonl
    /// A table whose first row names the columns; the separator is told by that row, or is a tab.
    case csv, tsv
    /// A feed (RSS, Atom), or a sitemap with news.
    case xml
    /// A page with one article.
    case html

    /// Whether the file's path names the article.
    var isOneArticle: Bool { self == .text || self == .html }

    /// "text, json, ... or html".
    static let names =
        allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or " + (allCases.last?.rawValue ?? "")

    /// By the extension of the file; nil if that does not tell.
    init?(ofName name: String) {
        let file = name.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: ".") else { return nil }
        switch file[file.index(after: dot)...].lowercased() {
        case "txt", "text": self = .text
        case "json": self = .json
        case "jsonl", "ndjson": self = .jsonl
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "xml", "rss", "atom": self = .xml
        case "html", "htm", "xhtml": self = .html
        default: return nil
        }
    }

    /// By the first line that is not empty.
    init(firstLine: [UInt8]) {
        var line = firstLine[...]
        // Byte order marks, and the record separators of RFC 7464, which begin JSON alone.
        while true {
            let before = line.count
            if line.starts(with: [0xef, 0xbb, 0xbf]) { line = line.dropFirst(3) }
            line = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d || $0 == 0x1e }
            if line.count == before { break }
        }
        switch line.first {
        case UInt8(ascii: "{"):
            if case .members? = try? JSONParser.parse(Array(line)) { self = .jsonl } else { self = .json }
        case UInt8(ascii: "["):
            // "[Mic.gov.vn] - ..." is text.
            let next = line.dropFirst().first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }
            self = next == nil || next == UInt8(ascii: "{") || next == UInt8(ascii: "]") ? .json : .text
        default: self = .text
        }
    }

    /// - Parameter value: of `--format`.
    static func option(_ value: String?) throws(CommandFailure) -> InputFormat? {
        guard let value else { return nil }
        guard let format = InputFormat(rawValue: value) else {
            throw .usage("--format \(value): \(names) is expected")
        }
        return format
    }
}
