// SPDX-License-Identifier: Apache-2.0
import ArticleText
import Synchronization

/// The slugs of the topics that one command reads. Two names that fold to one slug, as "Bão" and "Báo", are kept apart: the
/// first has the slug, the other one with a hash behind it, which is the same each time.
final class TopicSlugs: Sendable {
    private struct Owner {
        let label: String
        /// With its marks.
        let identity: String
    }

    private let owners = Mutex<[String: Owner]>([:])

    /// The slug of a label, with a note if it is not the label's own; nil if the label has no letter and no digit.
    func slug(of label: String) -> (slug: String, note: RecordNote?)? {
        let slug = NormalForm.slug(label)
        guard !slug.isEmpty else { return nil }
        let identity = NormalForm.identity(label)
        return owners.withLock { owners in
            guard let owner = owners[slug] else {
                owners[slug] = Owner(label: label, identity: identity)
                return (slug, nil)
            }
            guard !Self.areSame(owner.identity, identity) else { return (slug, nil) }
            let apart = NormalForm.slug(label, apartFrom: owner.label)
            return (
                apart,
                RecordNote(
                    kind: "topic \(apart)",
                    "the topics \"\(owner.label)\" and \"\(label)\" would both be \(slug): \"\(label)\" is stored as \(apart)"
                )
            )
        }
    }

    /// A name that has lost its marks is the same topic.
    private static func areSame(_ one: String, _ other: String) -> Bool {
        one == other || ((isPlain(one) || isPlain(other)) && folded(one) == folded(other))
    }

    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

    private static func folded(_ text: String) -> String {
        var folded = ""
        for scalar in text.unicodeScalars where scalar.properties.generalCategory != .nonspacingMark {
            folded.unicodeScalars.append(scalar == "đ" ? "d" : scalar)
        }
        return folded
    }
}

/// Something about a record that is stored all the same: a field that could not be read, or was read in one of two ways.
struct RecordNote: Equatable, Sendable {
    /// Notes of one kind are counted together.
    let kind: String
    let message: String
    /// Something of the record is not stored, or not as what it is.
    let isLoss: Bool

    init(kind: String, _ message: String, isLoss: Bool = false) {
        self.kind = kind
        self.message = message
        self.isLoss = isLoss
    }
}
