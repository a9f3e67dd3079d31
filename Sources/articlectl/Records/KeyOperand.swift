import ArticleProtocol

extension ArticleKey {
    /// An article as a person names it: by id, or by URL.
    init(operand: String) throws(CommandFailure) {
        if let id = ArticleID(operand) {
            guard id.isVersion7 else { throw .usage("\(operand) is a UUID, but not of version 7: no article has it") }
            self.init(id: id)
        } else if operand.contains(":") {
            self.init(url: operand)
        } else {
            throw .usage("\"\(operand)\" is neither an article's id nor a URL", hint: "`articlectl list` shows the ids")
        }
    }

    var text: String { id.map { "\($0)" } ?? url }
}
