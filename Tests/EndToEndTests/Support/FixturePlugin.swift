// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The plugins of `Tests/Fixtures/Plugins`, in C, compiled when they are needed.
enum FixturePlugin {
    struct DidNotBuild: Error {
        let name: String
        let status: Int32
    }

    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/Plugins/build").standardizedFileURL

    static func build(_ name: String, to library: URL) throws {
        let compiler = try Child.run(script, arguments: [name, library.path])
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else {
            throw DidNotBuild(name: name, status: compiler.terminationStatus)
        }
    }
}
