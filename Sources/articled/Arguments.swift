internal import ArticleServer
internal import CLinux

/// The command line.
struct Arguments {
    /// What is to be done.
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
                    throw StartError(.usage, "--event-loops \(text): a number between 1 and 256 belongs there")
                }
                eventLoops = count
            case "--exit-when-idle":
                let text = try take()
                guard let time = TimeText.nanoseconds(text), time >= 100_000_000 else {
                    throw StartError(
                        .usage, "--exit-when-idle \(text): a time belongs there, such as 500ms, 30s or 10min")
                }
                exitWhenIdle = time
            case "--recover": task = .recover
            case "--check-configuration": task = .checkConfiguration
            case "--version": task = .version
            case "--help", "-h": task = .help
            default: throw StartError(.usage, "\(argument): unknown; see articled --help")
            }
            if value != nil { throw StartError(.usage, "\(name) takes no value") }
            // What was asked for is answered, whatever else is on the line.
            if task == .help || task == .version { return }
        }
    }
}

extension Arguments {
    /// Those of this process, without its name. Not those of `CommandLine`, which are none where a preloaded library has
    /// moved the environment.
    static var given: [String] {
        var given: [String] = []
        while let word = unsafe clinux_argument(Int32(given.count + 1)) { given.append(unsafe String(cString: word)) }
        return given
    }
}

extension Arguments {
    static let version = "articled \(Version.text) (plugin ABI \(Version.pluginABI), \(Version.runtime))"

    static let help = """
        articled stores, fetches and classifies articles.

        usage: articled [OPTION...]

        Usually systemd starts it, with the sockets of articled.socket:
            systemctl enable --now articled.socket
        By hand, for development:
            articled --listen unix:/tmp/articled.sock --state-directory /tmp/articled

          --listen ADDRESS         unix:/PATH, tcp:127.0.0.1:PORT or tcp:[::1]:PORT; may be given again.
                                   In place of what the configuration's "listen" says
          --configuration FILE     JSON5; default: articled.json5 in $CONFIGURATION_DIRECTORY or /etc/articled,
                                   if it is there
          --state-directory DIR    where articles are kept; default: $STATE_DIRECTORY, or /var/lib/articled for
                                   root, or ~/.local/state/articled
          --plugins DIR            where plugins are; default: plugins beside the program,
                                   ../lib/articled/plugins, /usr/lib/articled/plugins
          --event-loops N          threads that serve connections; default: half as many as processors
          --exit-when-idle TIME    end when nobody was connected for so long, such as 10min
          --recover                when a start was refused because articles are damaged or missing: say what cannot
                                   be brought back, give it up, and end; the service is stopped meanwhile
          --check-configuration    say all that is wrong with the configuration and the plugins, and end
          --version, --help

        Signals: SIGTERM and SIGINT finish what is in flight and end, a second one ends at once;
                 SIGHUP reads the configuration anew.
        Exit status: 0 as asked, 64 wrong usage, 69 a plugin, 70 a plugin did not end, 71 the system,
                 78 the configuration.

        """
}
