// SPDX-License-Identifier: Apache-2.0
import ArticleClient

/// What a command works with: the service, the terminal, standard output.
final class Session {
    /// In the order of preference. Never empty.
    let endpoints: [Endpoint]
    let terminal: Terminal
    let output: Output
    /// Print JSON.
    let json: Bool
    let style: Style
    let options: ClientOptions
    /// Not connected before the first call is made.
    private(set) lazy var client = ArticleClient(endpoints: endpoints, options: options)

    init(_ arguments: Arguments, terminal: Terminal = .current, output: Output? = nil) throws(CommandFailure) {
        endpoints = try EndpointOption.endpoints(arguments)
        self.terminal = terminal
        self.output = output ?? Output(isTerminal: terminal.showsOutput)
        json = arguments.flag("json")
        style = Style(enabled: terminal.colours && !json)
        var options = ClientOptions()
        options.loadBalancing = .priority  // figures, jobs and repeated commands are of one service
        options.agent = "articlectl/\(Version.text)"
        if let seconds = try arguments.number("timeout", in: 1...86400) { options.deadline = .seconds(seconds) }
        self.options = options
    }

    /// Prints lines, each set to the width of the terminal, if it is one.
    func lines(_ lines: [String]) throws(CommandFailure) {
        for line in lines {
            for part in Wrapping.hanging(line, indent: 2, width: terminal.tableWidth) { try output.line(part) }
        }
    }
}
