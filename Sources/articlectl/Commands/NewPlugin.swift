// SPDX-License-Identifier: Apache-2.0

internal import Glibc
import JSONTree

/// Writes the package of a new plugin.
struct NewPlugin: Command {
    static let description = CommandDescription(
        "new-plugin", "write a Swift package for a plugin of your own", operands: "NAME", count: 1...1,
        discussion: [
            "The package builds as it stands: a handler with one method, its messages with their field numbers, a .proto file "
                + "that describes them, a test, and a README that tells how to build and call it.",
            "NAME is the plugin's name in articled's configuration and journal: lower-case letters, digits and hyphens, as "
                + "word-count. The package uses HandlerKit from articled's own package: --articled says where that is. An "
                + "articlectl that was built from a checkout uses the checkout.",
        ],
        options: [
            .value("directory", "DIR", "where the package goes; default: NAME here"),
            .value("articled", "PATH|URL", "a checkout of articled, or its repository"),
        ],
        examples: [
            .init("articlectl new-plugin word-count", "in ./word-count"),
            .init(
                "articlectl new-plugin word-count --articled https://git.example.org/articled.git", "from a repository"),
        ])

    private let name: String
    private let directory: String
    private let template: PluginTemplate

    init(_ arguments: Arguments) throws {
        name = arguments.operands[0]
        directory = arguments.value("directory") ?? name
        guard Self.isName(name) else {
            throw CommandFailure.usage(
                "\(name) cannot be a plugin's name",
                hint:
                    "it begins with a lower-case letter and has lower-case letters, digits and single hyphens, as word-count"
            )
        }
        guard !["store", "fetch", "classify", "lmdb-storage", "service"].contains(name) else {
            throw CommandFailure.usage("articled has a plugin \(name) already")
        }
        guard let place = arguments.value("articled") ?? Self.checkout() else {
            throw CommandFailure.usage(
                "where is articled's package?", hint: "--articled names a checkout, or the URL of its repository")
        }
        guard !place.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else {
            throw CommandFailure.usage("--articled \(place): a path or a URL is expected")
        }
        if place.contains("://") || place.hasPrefix("git@") {
            template = PluginTemplate(name: name, dependency: .url(place))
        } else {
            guard Directory.isDirectory(place) else {
                throw CommandFailure(.noInput, "\(place): there is no such directory")
            }
            template = PluginTemplate(name: name, dependency: .path(Directory.absolute(place)))
        }
    }

    func run(_ session: Session) async throws -> ExitCode {
        if let present = try? Directory.survey(below: directory).files, !present.isEmpty {
            throw CommandFailure(.conflict, "\(directory) has files in it already; nothing was written")
        }
        for (path, text) in template.files {
            let file = directory + "/" + path
            try Self.makeDirectories(for: file)
            let output = try OutputFile(file)
            try output.write(text.utf8)
            try output.finish()
        }
        if session.json {
            let json: [(String, JSON)] = [
                ("name", .string(name)), ("directory", .string(directory)), ("method", .string(template.method)),
                ("library", .string("lib\(template.module).so")),
            ]
            try session.output.line(JSON.object(json).text)
        } else {
            try session.output.line(
                "\(directory): a package for the plugin \(name), with the method \(template.method)\n"
                    + "`swift build --package-path \(directory)` builds it; \(directory)/README.md says what is next")
        }
        return .success
    }

    /// As a plugin's descriptor may have it, and as a module can be named after it.
    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        return name.utf8.count <= 50 && parts.first?.first?.isLetter == true
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (0x30...0x39).contains(byte)
                    }
            }
    }

    /// The checkout that this program was built in: its Package.swift is above the build directory.
    private static func checkout() -> String? {
        let parts = Directory.absolute("/proc/self/exe").split(separator: "/")
        guard let build = parts.lastIndex(of: ".build") else { return nil }
        let place = "/" + parts[..<build].joined(separator: "/")
        return unsafe access(place + "/Sources/HandlerKit", F_OK) == 0 ? place : nil
    }

    private static func makeDirectories(for file: String) throws(CommandFailure) {
        var place = file.hasPrefix("/") ? "" : "."
        for part in file.split(separator: "/").dropLast() {
            place += "/" + part
            guard unsafe mkdir(place, 0o777) != 0, errno != EEXIST else { continue }
            throw CommandFailure(.io, "\(place) cannot be made: \(SystemText.describing(errno))")
        }
    }
}
