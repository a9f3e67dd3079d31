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

    /// The name of the collection that its records belong to; nil for standard input.
    var namespace: String? {
        if let place, InputFormat(ofName: path) == .text { return Directory.absolute(place.directory) }
        return path == "-" ? nil : Directory.absolute(path)
    }

    /// In bytes; nil if unknown.
    var size: Int? {
        var status = stat()
        guard path != "-", unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// The files of a directory that hold articles, and the number of other files.
    static func all(in directory: String) throws(CommandFailure) -> (files: [InputFile], others: Int) {
        let all = try Directory.files(below: directory)
        let articles = all.filter { InputFormat(ofName: $0) != nil }
        return (articles.map { InputFile($0, in: directory) }, all.count - articles.count)
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

    /// By the extension of the file; nil if that does not tell.
    init?(ofName name: String) {
        let file = name.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: ".") else { return nil }
        switch file[file.index(after: dot)...].lowercased() {
        case "txt", "text": self = .text
        case "json": self = .json
        case "jsonl", "ndjson": self = .jsonl
        default: return nil
        }
    }

    /// By the first line that is not empty.
    init(firstLine: [UInt8]) {
        var line = firstLine[...]
        if line.starts(with: [0xef, 0xbb, 0xbf]) { line = line.dropFirst(3) }
        line = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
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
            throw .usage("--format \(value): text, json or jsonl is expected")
        }
        return format
    }
}
