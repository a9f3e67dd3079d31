// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The file in which `watch --state` keeps its place in the changes: one line, as `--from` takes it.
struct WatchState {
    let path: String
    /// What the file has; nil if there is none.
    let kept: String?

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        guard unsafe access(path, F_OK) == 0 || errno != ENOENT else {
            kept = nil
            return
        }
        var bytes: [UInt8] = []
        var source = try ByteSource(path)
        while bytes.count < 4096, try source.read(into: &bytes) > 0 {}
        let text = String(decoding: bytes, as: UTF8.self)
        let line = text.prefix { $0 != "\n" }
        kept = line.isEmpty ? nil : String(line)
    }

    /// Replaces the file. When this returns, the new place is on disk.
    func keep(_ place: String) throws(CommandFailure) {
        let file = try OutputFile(path)
        try file.line(place)
        try file.finish()
    }
}
