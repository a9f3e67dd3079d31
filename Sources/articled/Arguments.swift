// SPDX-License-Identifier: Apache-2.0
internal import ArticleServer
internal import CLinux

/// The command line.
struct Arguments {
    /// What the command line asks for.
    enum Task { case serve, recover, checkConfiguration, help, version }

    private(set) var task = Task.serve
    private(set) var listen: [ListenAddress] = []
    private(set) var configuration: String?
    private(set) var stateDirectory: String?
    private(set) var plugins: String?
    private(set) var eventLoops: Int?
    /// Nanoseconds.
    private(set) var exitWhenIdle: UInt64?

    init(_ arguments: some Sequence<String>) throws(StartError) {
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            // --name VALUE and --name=VALUE
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            var value = parts.count == 2 && argument.hasPrefix("--") ? parts[1] : nil
            let name = value == nil ? argument : parts[0]
            func take() throws(StartError) -> String {
                guard let given = value ?? rest.popFirst(), !given.isEmpty else {
                    throw StartError(.usage, "\(name) needs a value; see articled --help")
                }
                value = nil
                return given
            }
            switch name {
            case "--listen": listen.append(try ListenAddress(try take()))
            case "--configuration": configuration = try take()
            case "--state-directory": stateDirectory = try take()
            case "--plugins": plugins = try take()
            case "--event-loops":
                let text = try take()
                guard let count = Int(text), (1...256).contains(count) else {
                    throw StartError(.usage, "--event-loops \(text): it must be a number from 1 to 256")
                }
                eventLoops = count
            case "--exit-when-idle":
                let text = try take()
                guard let time = TimeText.nanoseconds(text), time >= 100_000_000 else {
                    throw StartError(
                        .usage, "--exit-when-idle \(text): it must be a time such as 500ms, 30s or 10min")
                }
                exitWhenIdle = time
            case "--recover": task = .recover
            case "--check-configuration": task = .checkConfiguration
            case "--version": task = .version
            case "--help", "-h": task = .help
            default: throw StartError(.usage, "\(argument): unknown; see articled --help")
            }
            if value != nil { throw StartError(.usage, "\(name) takes no value") }
            // --help and --version win over anything that follows.
            if task == .help || task == .version { return }
        }
    }
}

extension Arguments {
    /// The arguments of this process, without its name. `CommandLine` has none if a preloaded library has moved the
    /// environment.
    static var given: [String] {
        var given: [String] = []
        while let word = unsafe clinux_argument(Int32(given.count + 1)) { given.append(unsafe String(cString: word)) }
        return given
    }
}

extension Arguments {
    static let help = """
        articled stores, fetches and classifies articles.

        usage: articled [OPTION...]

        Usually systemd starts it, with the sockets of articled.socket:
            systemctl enable --now articled.socket
        By hand, for development:
            articled --listen unix:/tmp/articled.sock --state-directory /tmp/articled

          --listen ADDRESS         unix:/PATH, tcp:127.0.0.1:PORT or tcp:[::1]:PORT; may be repeated.
                                   Replaces "listen" of the configuration
          --configuration FILE     JSON5; default: articled.json5 in $CONFIGURATION_DIRECTORY or /etc/articled,
                                   if it exists
          --state-directory DIR    where articles are stored; default: $STATE_DIRECTORY, or /var/lib/articled for
                                   root, or ~/.local/state/articled
          --plugins DIR            where plugins are; default: plugins beside the program,
                                   ../lib/articled/plugins, /usr/lib/articled/plugins
          --event-loops N          threads that serve connections; default: half the number of processors
          --exit-when-idle TIME    stop when no client was connected for this time, such as 10min
          --recover                after a start was refused because articles are damaged or missing: report what
                                   cannot be recovered, drop it, and exit. Stop the service first
          --check-configuration    report all problems in the configuration and the plugins, and exit
          --version, --help

        Signals: SIGTERM and SIGINT finish requests in flight and stop; a second one stops at once.
                 SIGHUP reloads the configuration.
        Exit status: 0 success, 64 usage, 69 a plugin, 70 a plugin did not stop, 71 the system,
                 78 the configuration.

        """
}
