extension ArticleStorage {
    /// Makes a change and waits until it is on disk or refused. It cannot be called off: it is carried out although the
    /// task is cancelled meanwhile.
    public func write(_ write: borrowing StorageWrite) async -> WriteResult {
        await withCheckedContinuation { continuation in
            self.write(write) { continuation.resume(returning: $0) }
        }
    }
}
