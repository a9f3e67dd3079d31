// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A directory that is removed with all that is in it.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/articled-topics-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { throw Failure() }
        path = made
    }

    struct Failure: Error {}

    deinit {
        guard let directory = unsafe opendir(path) else { return }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { unsafe unlink("\(path)/\(name)") }
        }
        unsafe closedir(directory)
        unsafe rmdir(path)
    }

    /// The bytes of a file in it.
    func bytes(_ name: String) -> [UInt8] {
        guard let file = unsafe fopen("\(path)/\(name)", "r") else { return [] }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        while true {
            let byte = unsafe fgetc(file)
            if byte == EOF { return bytes }
            bytes.append(UInt8(byte))
        }
    }

    /// Writes a file into it.
    func write(_ bytes: [UInt8], to name: String) -> String {
        if let file = unsafe fopen("\(path)/\(name)", "w") {
            unsafe _ = fwrite(bytes, 1, bytes.count, file)
            unsafe fclose(file)
        }
        return "\(path)/\(name)"
    }
}
