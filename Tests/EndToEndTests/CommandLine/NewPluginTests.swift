// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `articlectl new-plugin`: what it writes is built, tested, loaded and called.
@Suite struct NewPluginTests {
    @Test(.timeLimit(.minutes(15))) func thePackageBuildsAndAnswers() throws {
        let published = try PublishedPackage()
        let place = published.directory.appending(path: "word-greeter")
        try PublishedPackage.run(
            "\"$1\" new-plugin word-greeter --directory \"$2\" --articled \"$3\"",
            arguments: [Service.products.appending(path: "articlectl").path, place.path, published.url])
        let products = try published.build(place, testing: true)
        let library = products.appending(path: "libWordGreeter.so")

        let service = try Service(libraries: [library])
        try FileManager.default.copyItem(
            at: place.appending(path: "libWordGreeter.proto"),
            to: service.directory.appending(path: "plugins/libWordGreeter.proto"))
        let tool = CommandLineTool(service)
        let answer = try tool.run("call", "wordGreeter.greet", #"{"name":"Tí"}"#)
        #expect(answer.text == #"{"text":"Xin chào, Tí!","letters":"2"}"# + "\n", "\(answer.complaints)")
        let refused = try tool.run("call", "wordGreeter.greet", "{\"name\":\"\(String(repeating: "x", count: 101))\"}")
        #expect(refused.code == 65)
        #expect(refused.complaints.contains("name: 101 bytes; at most 100 are allowed"))
        #expect(try tool.run("plugins").text.contains("word-greeter 0.1.0"))
    }

    @Test func aCheckoutIsUsedAsItIs() throws {
        let tool = CommandLineTool(try Service())
        let place = tool.directory.appending(path: "p/word-greeter").path
        let checkout = PublishedPackage.root.path
        let run = try tool.run("new-plugin", "word-greeter", "--directory", place, "--articled", checkout, "--json")
        #expect(run.code == 0, "\(run.complaints)")
        #expect(try run.json()["library"] as? String == "libWordGreeter.so")
        let manifest = try String(contentsOfFile: place + "/Package.swift", encoding: .utf8)
        #expect(manifest.contains(".package(path: \"\(checkout)\")"))
        #expect(manifest.contains("package: \"\(PublishedPackage.root.lastPathComponent)\""))

        let again = try tool.run("new-plugin", "word-greeter", "--directory", place, "--articled", checkout)
        #expect(again.code == 73)
        #expect(try String(contentsOfFile: place + "/Package.swift", encoding: .utf8) == manifest)
    }

    @Test(arguments: ["Word", "word_count", "-word", "word-", "word--count", "1word", "", "store", "wörter"])
    func aNameThatArticledDoesNotTakeIsRefused(name: String) throws {
        let tool = CommandLineTool(try Service())
        let place = tool.directory.appending(path: "new").path
        #expect(try tool.run("new-plugin", "--directory", place, "--articled", "/", "--", name).code == 64)
        #expect(!FileManager.default.fileExists(atPath: place))
    }
}
