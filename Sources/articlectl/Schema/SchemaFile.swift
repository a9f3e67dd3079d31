// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// `.proto` files that describe the messages of plugins.
enum SchemaFile {
    private static let maxBytes = 1 << 20

    /// The messages of a file, which may use those of `articles.proto`.
    static func read(_ path: String) throws(CommandFailure) -> Schema {
        var source = try ByteSource(path)
        var bytes: [UInt8] = []
        while try source.read(into: &bytes) > 0 {
            guard bytes.count <= maxBytes else { throw source.tooLarge(maxBytes, in: "it") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.data, "\(path) is not valid UTF-8")
        }
        do throws(ProtoError) {
            return try ProtoParser.parse(text, known: ArticlesProto.schema)
        } catch {
            throw CommandFailure(.data, "\(path):\(error.line): \(error.message)")
        }
    }

    /// The file that a plugin brings: beside its library, with `.proto` in place of `.so`. nil if it brings none.
    static func beside(library: String) -> String? {
        for path in [library, Directory.absolute(library)] where path.hasSuffix(".so") {
            let file = path.dropLast(3) + ".proto"
            if unsafe access(String(file), F_OK) == 0 { return String(file) }
        }
        return nil
    }
}
