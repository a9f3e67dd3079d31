internal import ArticleServer

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
