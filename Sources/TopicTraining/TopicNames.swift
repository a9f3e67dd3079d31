// SPDX-License-Identifier: Apache-2.0
public import TopicModel

/// The names of topics for people, where the data's labels are not fit to be shown.
public enum TopicNames {
    /// Reads a file of lines `slug name`. Empty lines and those that begin with `#` are passed over.
    public static func read(_ path: String) throws(TopicModelError) -> [String: String] {
        guard let text = String(validating: try FileContent.read(path), as: UTF8.self) else {
            throw TopicModelError(.unsuitable, "\(path) is not UTF-8 text")
        }
        var names: [String: String] = [:]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, Slug.isValid(parts[0]) else {
                throw TopicModelError(.unsuitable, "\(path), line \(number + 1): a slug and a name are expected")
            }
            names[String(parts[0])] = String(parts[1].trimmed)
        }
        return names
    }
}

extension Substring {
    /// Without spaces and carriage returns at both ends.
    fileprivate var trimmed: Substring {
        var rest = self
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest.drop(while: \.isWhitespace)
    }
}
