/// Reads a record without a closure: a read through the plugin boundary needs no memory then.
///
/// For the paths where that counts; elsewhere a closure says the same in less.
public protocol RecordReader: ~Copyable {
    /// Called at most once, before the call that was given the reader returns.
    mutating func read(_ record: borrowing StoredRecord)
}
