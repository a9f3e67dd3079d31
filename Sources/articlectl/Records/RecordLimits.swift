// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol

/// The limits of what is only at the side of an article. The service would refuse the whole article for it.
enum RecordLimits {
    /// Leaves out attributes that the service would not take, and says which.
    static func apply(to result: inout RecordMapping.Result) {
        var attributes = result.article.attributes
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            let reason: String
            if name.utf8.count > Limits.attributeKey {
                reason = "its name has more than \(Limits.attributeKey) bytes"
            } else if value.utf8.count > Limits.attributeValue {
                reason = "it has \(value.utf8.count) bytes, and an attribute at most \(Limits.attributeValue)"
            } else {
                continue
            }
            attributes[name] = nil
            result.notes.append(
                RecordNote(
                    kind: "left out \(name.prefix(40))", "\"\(name.prefix(40))\" is left out: \(reason)", isLoss: true))
        }
        if attributes.count > Limits.attributes {
            let left = attributes.keys.sorted().dropFirst(Limits.attributes)
            result.notes.append(
                RecordNote(
                    kind: "too many members",
                    "\(left.count) members are left out, from \"\(left.first ?? "")\" on: an article has at most "
                        + "\(Limits.attributes) attributes", isLoss: true))
            for name in left { attributes[name] = nil }
        }
        result.article.attributes = attributes
    }
}
