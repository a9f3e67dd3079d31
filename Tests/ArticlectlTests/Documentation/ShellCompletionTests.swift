// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import articlectl

@Suite struct ShellCompletionTests {
    @Test(arguments: [
        ("FILE", CompletionSource.files), ("DIR|FILE|-...", .files), ("[DATA]", .files), ("DIR", .directories),
        ("TOPIC", .topics), ("FORMAT", .words(["text", "json", "jsonl", "csv", "tsv", "xml", "html"])),
        ("fetch|store|classify|ping", .words(["fetch", "store", "classify", "ping"])),
        ("ID|URL...", .nothing), ("N", .nothing), ("", .nothing),
    ]) func byTheNameInTheHelp(_ name: String, _ source: CompletionSource) {
        #expect(CompletionSource(name) == source)
    }

    @Test func allOptionsAreOffered() {
        let commands = Articlectl.commands.map { $0.description }
        let bash = BashCompletion.script(commands)
        let zsh = ZshCompletion.script(commands)
        let fish = FishCompletion.script(commands)
        for option in commands.flatMap(\.allOptions) {
            #expect(bash.contains("--\(option.name)"))
            #expect(zsh.contains("--\(option.name)"))
            #expect(fish.contains(" -l \(option.name) "))
        }
    }
}
