/// A database that is open and whole, with a log that is empty.
struct OpenedStorage {
    let environment: Environment
    let log: RedoLog
    /// Keeps the version that the log begins with.
    let pin: SnapshotPin
    /// How many changes the log had, and the database not yet; `nil` if the last end was a clean one.
    let replayed: Int?
}
