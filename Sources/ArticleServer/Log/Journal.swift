internal import CSystemd
internal import Glibc

/// The system's journal: sd_journal_sendv(3).
enum Journal {
    /// Whether stderr goes there, as $JOURNAL_STREAM says: systemd.exec(5).
    static let isConnected: Bool = {
        guard let stream = Environment.text("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }()

    /// Sends one entry; false if the journal did not take it.
    static func send(_ fields: [String]) -> Bool {
        let bytes = fields.map { Array($0.utf8) }
        let all = bytes.flatMap { $0 }
        return unsafe all.withUnsafeBytes { memory in
            var offset = 0
            let vectors = unsafe bytes.map { field in
                defer { offset += field.count }
                // sd_journal_sendv reads only; iovec has no form for that.
                let start = unsafe memory.baseAddress.map { unsafe UnsafeMutableRawPointer(mutating: $0 + offset) }
                return unsafe iovec(iov_base: start, iov_len: field.count)
            }
            return unsafe sd_journal_sendv(vectors, Int32(vectors.count)) == 0
        }
    }
}
