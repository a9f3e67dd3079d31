/// The engine's section of the configuration.
struct Settings: Decodable {
    /// Where the files lie; absolute. Default: the directory that articled names.
    var directory: String?
    /// The most that the database, and the file with the records beside it, may grow to each, in bytes. It costs address space alone, no memory and no disk.
    var mapSize: Int?
    /// How many threads may read at once.
    var maxReaders: UInt32?
    /// How many bytes of changes may wait for the disk before further ones are refused.
    var queueBytes: Int?
    /// How many changes may wait.
    var queueWrites: Int?
    /// How many bytes of articles are stored before the database is brought to disk and the redo log begun anew.
    var logSize: Int?
    /// How often all that is stored is checked, slowly: "7 d", "12 h"; "off": never.
    var scrub: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case directory, mapSize, maxReaders, queueBytes, queueWrites, logSize, scrub
    }
}
