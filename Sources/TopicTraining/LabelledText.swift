// SPDX-License-Identifier: Apache-2.0
/// An article whose topic is known.
public struct LabelledText: Sendable {
    /// The topic as the data names it.
    public let label: String
    /// The title and the body; or one text that begins with the title.
    public let parts: [String]

    /// Makes a labelled text.
    public init(label: String, parts: [String]) {
        self.label = label
        self.parts = parts
    }
}
