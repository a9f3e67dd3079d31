/// A trained model: what the scorer reads. It never changes, so any number of threads may score with one model.
public final class TopicModel: Sendable {
    /// The name, the topics and the provenance.
    public let description: ModelDescription
    /// CRC-32C of the file: tells models apart that have one name.
    public let checksum: UInt32
    /// Below this probability the answer is undecided.
    public let threshold: Float
    /// How many bytes the file has.
    public let fileSize: Int

    let header: ModelHeader
    let file: ModelMemory
    let markedBias: [Float]
    let plainBias: [Float]

    /// The topics, in the order of a verdict's scores.
    public var topics: [TopicLabel] { description.topics }

    /// The name and the checksum, for people and logs: `vntc-10 (6c1f20a3)`.
    public var identity: String {
        let digits = String(checksum, radix: 16)
        return "\(description.name) (\(String(repeating: "0", count: 8 - digits.count))\(digits))"
    }

    /// Reads the model file at `path`, and checks all of it before it is used.
    public convenience init(path: String) throws(TopicModelError) { try self.init(ModelFile(path: path)) }

    /// Reads a model file, as often as one likes, and checks all of it before it is used.
    public convenience init(_ source: ModelFile) throws(TopicModelError) {
        try self.init(ModelMemory(source), of: source.path)
    }

    /// Takes a model file's bytes, and checks all of them; `name` is for messages.
    public convenience init(bytes: [UInt8], name: String) throws(TopicModelError) {
        try self.init(ModelMemory(copying: bytes, name: name), of: name)
    }

    private init(_ memory: ModelMemory, of path: String) throws(TopicModelError) {
        file = memory
        header = unsafe try ModelHeader(reading: file.bytes, of: path)
        checksum = header.checksum
        threshold = header.threshold
        fileSize = unsafe file.bytes.count
        // The header was checked: the section lies within the file.
        let words = unsafe UnsafeRawBufferPointer(
            rebasing: file.bytes[Int(header.descriptionOffset)...][
                ..<(Int(header.descriptionOffset) + Int(header.descriptionSize))])
        guard let description = unsafe ModelDescription(decoding: words),
            description.topics.count == Int(header.topics)
        else { throw ModelHeader.damaged(path, "its description cannot be read") }
        self.description = description
        let count = Int(header.topics)
        let bytes = unsafe file.bytes
        let biases = (0..<count * 2).map { index in
            unsafe Float(bitPattern: bytes.number(at: ModelHeader.size + index * 4, as: UInt32.self))
        }
        guard biases.allSatisfy(\.isFinite) else { throw ModelHeader.damaged(path, "a bias is no number") }
        markedBias = Array(biases[..<count])
        plainBias = Array(biases[count...])
    }
}
