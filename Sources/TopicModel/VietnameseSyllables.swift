/// The bare letters of every syllable that Vietnamese spelling allows, as the scanner's plain hashes.
///
/// Onset and rhyme make a syllable; a few pairs do not occur, and counting them costs nothing here: what matters is
/// that other languages' words are mostly not of this form.
struct VietnameseSyllables: Sendable {
    static let shared = VietnameseSyllables()

    private static let onsets = [
        "", "b", "c", "ch", "d", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "ph", "q", "r", "s",
        "t", "th", "tr", "v", "x",
    ]
    private static let rhymes = [
        "a", "ac", "ach", "ai", "am", "an", "ang", "anh", "ao", "ap", "at", "au", "ay", "e", "ec", "ech", "em", "en",
        "eng", "enh", "eo", "ep", "et", "eu", "i", "ia", "ich", "iec", "iem", "ien", "ieng", "iep", "iet", "ieu", "im",
        "in", "inh", "ip", "it", "iu", "o", "oa", "oac", "oach", "oai", "oam", "oan", "oang", "oanh", "oao", "oap",
        "oat", "oay", "oc", "oe", "oen", "oeo", "oet", "oi", "om", "on", "ong", "op", "ot", "u", "ua", "uan", "uang",
        "uat", "uay", "uc", "ue", "uech", "uenh", "ui", "um", "un", "ung", "uo", "uoc", "uoi", "uom", "uon", "uong",
        "uop", "uot", "uou", "up", "ut", "uu", "uy", "uya", "uych", "uyen", "uyet", "uynh", "uyt", "uyu", "y", "yem",
        "yen", "yet", "yeu", "uach", "uanh", "uai", "uac", "uao", "uet", "uen",
    ]

    /// Open addressing over the hashes; 0 is empty, which no hash is.
    private let slots: [UInt64]

    private init() {
        var slots = [UInt64](repeating: 0, count: 1 << 13)
        for onset in VietnameseSyllables.onsets {
            for rhyme in VietnameseSyllables.rhymes {
                var hash = FeatureHash.start
                for byte in (onset + rhyme).utf8 { hash = FeatureHash.step(hash, UInt32(byte)) }
                hash = FeatureHash.finish(hash, tone: 0)
                var index = Int(hash >> 51)
                while slots[index] != 0, slots[index] != hash { index = (index + 1) & 0x1fff }
                slots[index] = hash
            }
        }
        self.slots = slots
    }

    /// Whether a plain hash is that of a possible syllable.
    func contains(_ hash: UInt64) -> Bool {
        var index = Int(hash >> 51)
        while slots[index] != 0 {
            if slots[index] == hash { return true }
            index = (index + 1) & 0x1fff
        }
        return false
    }
}
