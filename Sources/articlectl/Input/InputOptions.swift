/// How inputs are read.
struct InputOptions: Sendable {
    var format: InputFormat?
    var mapping: RecordMapping
    var overrides = Overrides()
    /// What tells records of different collections apart; nil: each file is a collection of its own.
    var namespace: String?
    /// Give each article that brings no name a new id, instead of one derived from it.
    var makesNew = false

    init(mapping: RecordMapping) { self.mapping = mapping }
}
