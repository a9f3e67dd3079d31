// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import articlectl

@Suite struct ManualPageTests {
    private static let command = CommandDescription(
        "show", "show things", operands: "THING...", count: 1...3,
        discussion: [".hidden files are \\not\\ shown; see `list`.", "'quoted'"],
        options: [.value("limit", short: "n", "N", "at most so many")],
        examples: [.init("articlectl show -n 3", "three")])

    @Test func nothingLooksLikeARequest() {
        let page = ManualPage.text([Self.command])
        #expect(page.contains("\n\\&.hidden files are \\enot\\e shown; see \\fBlist\\fR.\n"))
        #expect(page.contains("\n\\(aqquoted\\(aq\n"))
        #expect(page.contains("\\fB\\-n\\fR, \\fB\\-\\-limit\\fR \\fIN\\fR\nat most so many"))
        #expect(page.contains(".EX\narticlectl show \\-n 3\n.EE"))
    }

    @Test func everythingIsThere() {
        let commands = Articlectl.commands.map { $0.description }
        let page = ManualPage.text(commands)
        for command in commands {
            #expect(page.contains("\n.SS \(command.name.replacing("-", with: "\\-"))"))
            for option in command.allOptions {
                #expect(page.contains("\\-\\-\(option.name.replacing("-", with: "\\-"))\\fR"))
            }
        }
        for code in ExitCode.allCases { #expect(page.contains("\n.B \(code.rawValue)\n")) }
    }
}
