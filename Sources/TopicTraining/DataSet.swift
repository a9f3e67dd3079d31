// SPDX-License-Identifier: Apache-2.0
import Glibc
public import TopicModel

/// Labelled texts read from a file or a directory, with what could not be read.
public struct DataSet: Sendable {
    /// The texts, in the order of the file; of a directory, in the order of the paths.
    public private(set) var texts: [LabelledText] = []
    /// What was skipped and why: `line 17: no label`. At most 100 are kept.
    public private(set) var complaints: [String] = []
    /// How many were skipped.
    public private(set) var skipped = 0

    /// Reads JSON Lines from a file, or from `-` for the standard input; or a directory with a folder of text files for
    /// each topic.
    public init(path: String) throws(TopicModelError) {
        var status = stat()
        if path != "-", unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            try readDirectory(path)
        } else {
            try readLines(path)
        }
        guard !texts.isEmpty else {
            let first = complaints.first.map { ": \($0)" } ?? ""
            throw TopicModelError(.unsuitable, "\(path) has no labelled article\(first)")
        }
    }

    private mutating func readLines(_ path: String) throws(TopicModelError) {
        let bytes = try FileContent.read(path)
        var number = 0
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0a) ?? bytes.count
            number += 1
            if bytes[start..<end].contains(where: { $0 != 0x20 && $0 != 0x0d && $0 != 0x09 }) {
                do {
                    texts.append(try LabelledText(json: bytes[start..<end]))
                } catch {
                    skip("line \(number): \(error.message)")
                }
            }
            start = end + 1
        }
    }

    private mutating func readDirectory(_ path: String) throws(TopicModelError) {
        for topic in try FileContent.names(in: path) {
            guard let files = try? FileContent.names(in: "\(path)/\(topic)") else {
                skip("\(path)/\(topic): no directory of a topic's articles")
                continue
            }
            for file in files {
                let name = "\(path)/\(topic)/\(file)"
                guard let bytes = try? FileContent.read(name), let text = String(validating: bytes, as: UTF8.self)
                else {
                    skip("\(name): not readable as UTF-8 text")
                    continue
                }
                texts.append(LabelledText(label: topic, parts: [text]))
            }
        }
    }

    private mutating func skip(_ complaint: String) {
        skipped += 1
        if complaints.count < 100 { complaints.append(complaint) }
    }
}
