/// The request of storage.backup.
public struct BackupRequest: ProtocolMessage {
    public static var name: String { "articled.v1.BackupRequest" }

    /// An absolute path on the service's machine; must not exist, or be empty. Empty: a new one below the service's own `backups`.
    public var directory: String
    /// The backup to go on watching; 0: start one, or join the one that is under way to the same directory.
    public var job: UInt64

    public init() { self.init(directory: "") }

    public init(
        directory: String = "", job: UInt64 = 0
    ) {
        self.directory = directory
        self.job = job
    }

    public mutating func merge(from reader: inout WireReader) throws(ServiceError) {
        switch reader.field {
        case 1: directory = try reader.string()
        case 2: job = try reader.uint64()
        default: try reader.skip()
        }
    }

    public func encode(to writer: inout WireWriter) {
        writer.write(directory, at: 1)
        writer.write(job, at: 2)
    }
}
