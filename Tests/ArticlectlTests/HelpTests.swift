// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import articlectl

@Suite struct HelpTests {
    /// No terminal has to break a line of the help, and no word is broken.
    @Test(arguments: [60, 80, 100, 200]) func fitsTheTerminal(_ width: Int) {
        let descriptions = Articlectl.commands.map { $0.description } + [Help.description]
        var pages = descriptions.map { ($0.name, CommandHelp.page($0, width: width)) }
        pages.append(("help", CommandHelp.overview(Articlectl.commands, width: max(80, width))))
        pages.append(("exit-codes", CommandHelp.exitCodes(width: width)))
        for (name, page) in pages {
            let limit = name == "help" || name == "exit-codes" ? max(80, width) : width
            for line in page.split(separator: "\n") {
                // A path or a URL stays whole, however long it is.
                let words = line.split(separator: " ")
                let longest = words.map { DisplayWidth.of($0) }.max() ?? 0
                #expect(DisplayWidth.of(line) <= limit || longest > limit - 12, "\(name): \(line)")
            }
        }
        for (description, page) in zip(descriptions, pages) {
            let words = Set(page.1.split { $0 == " " || $0 == "\n" })
            for paragraph in description.discussion {
                for word in paragraph.split(separator: " ") { #expect(words.contains(word), "\(description.name)") }
            }
        }
    }

    @Test func aLongOptionHasALineOfItsOwn() {
        let command = CommandDescription(
            "x", "do x",
            options: [.value("an-option-with-a-very-long-name", "VALUE", "what it does"), .flag("b", "this")],
            examples: [])
        let lines = CommandHelp.page(command, width: 60).split(separator: "\n")
        let place = lines.firstIndex { $0.contains("--an-option-with-a-very-long-name VALUE") }
        #expect(place.map { lines[$0 + 1].hasSuffix("  what it does") } == true)
        #expect(lines.contains { $0.contains("--b ") && $0.hasSuffix("  this") })
    }
}
