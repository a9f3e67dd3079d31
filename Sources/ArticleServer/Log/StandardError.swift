internal import Glibc

/// stderr, unbuffered.
enum StandardError {
    /// Writes one line whole, so that lines of several threads do not mix. What cannot be written is lost: there is
    /// nobody to tell.
    static func write(_ line: String) {
        var line = line
        line.withUTF8 { text in
            var rest = UnsafeRawBufferPointer(text)
            while let start = rest.baseAddress, rest.count > 0 {
                let written = unsafe Glibc.write(STDERR_FILENO, start, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}
