/// The commonest words of other languages that a Vietnamese newsroom meets, to give a text that is not Vietnamese a name.
struct CommonWords: Sendable {
    static let shared = CommonWords()

    /// The languages, in the order of the bits.
    static let tags = ["en", "fr", "de", "es", "id"]
    private static let words = [
        "the of and to in is that for was with as on by are from this have not be at his her which were has been will",
        "le la les des et est une dans pour que qui sur par pas au plus avec ce sont ont du en aux cette ses mais elle",
        "der die das und ist nicht ein eine mit von zu den dem auf fur im sich des auch als wird sind bei nach aus wie",
        "el los las que de en un una por con para es del se no al lo como mas pero sus fue este ha son entre cuando",
        "yang dan di dari untuk dengan ini itu pada tidak dalam akan adalah ke oleh sebagai juga karena bisa tersebut",
    ]

    /// Which languages each plain hash is a common word of, a bit each.
    private let languages: [UInt64: UInt8]

    private init() {
        var languages: [UInt64: UInt8] = [:]
        for (bit, list) in CommonWords.words.enumerated() {
            for word in list.split(separator: " ") {
                var hash = FeatureHash.start
                for byte in word.utf8 { hash = FeatureHash.step(hash, UInt32(byte)) }
                languages[FeatureHash.finish(hash, tone: 0), default: 0] |= 1 << UInt8(bit)
            }
        }
        self.languages = languages
    }

    func languages(of hash: UInt64) -> UInt8 { languages[hash] ?? 0 }
}
