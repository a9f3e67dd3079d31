extension ConfigurationKey {
    /// Every key, in the order of the example configuration. Tests hold it against what is read and against that example.
    public static let all: [ConfigurationKey] = [
        ConfigurationKey(
            path: "listen", form: .texts, isLive: false,
            meaning:
                "Sockets to bind beside those that systemd passes: unix:/PATH, tcp:ADDRESS:PORT, tcp:[ADDRESS]:PORT.",
            text: { ConfigurationText.list($0.listen.map(\.description)) }),
        ConfigurationKey(
            path: "listenMetrics", form: .texts, isLive: false,
            meaning: "The same for Prometheus, which reads /metrics there over HTTP.",
            text: { ConfigurationText.list($0.listenMetrics.map(\.description)) }),
        ConfigurationKey(
            path: "socketMode", form: .text, isLive: false,
            meaning: "Access rights of the Unix sockets in listen and listenMetrics, in octal.",
            text: { ConfigurationText.mode($0.socketMode) }),
        ConfigurationKey(
            path: "allowRemote", form: .flag, isLive: false,
            meaning: "Whether TCP sockets may be reached from other machines. There is no encryption: see to it.",
            text: { "\($0.allowRemote)" }),
        ConfigurationKey(
            path: "eventLoops", form: .number, isLive: false,
            meaning: "Threads that serve connections. By default half as many as there are processors.",
            text: { $0.eventLoops.map { "\($0)" } ?? "" }),
        ConfigurationKey(
            path: "exitWhenIdle", form: .time, isLive: true,
            meaning: "End when nobody was connected for so long; systemd starts the service again. By default never.",
            text: { $0.exitWhenIdle.map { ConfigurationText.time($0 / 1_000_000) } ?? "" }),
        ConfigurationKey(
            path: "stateDirectory", form: .text, isLive: false,
            meaning: "Where articles are kept. By default what StateDirectory= of the unit says.",
            text: { $0.stateDirectory ?? "" }),
        ConfigurationKey(
            path: "logLevel", form: .text, isLive: true,
            meaning: "The least that is written to the journal: error, warning, notice, info or debug.",
            text: { $0.logLevel.name }),
        ConfigurationKey(
            path: "slowRequest", form: .time, isLive: true,
            meaning:
                "Requests that take so long or longer are told of in the journal, stage by stage; 0: none. Streams are not among them.",
            text: { ConfigurationText.time($0.slowRequestMilliseconds) }),
        ConfigurationKey(
            path: "limits.connections", form: .number, isLive: true,
            meaning: "Open connections.",
            text: { "\($0.limits.maxConnections)" }),
        ConfigurationKey(
            path: "limits.inFlightPerConnection", form: .number, isLive: true,
            meaning: "Requests at once on one connection; holds for connections that are made later.",
            text: { "\($0.limits.maxInFlight)" }),
        ConfigurationKey(
            path: "limits.inFlight", form: .number, isLive: true,
            meaning: "Requests at once on all connections together.",
            text: { "\($0.limits.maxInFlightTotal)" }),
        ConfigurationKey(
            path: "limits.frame", form: .size, isLive: true,
            meaning: "The largest message; holds for connections that are made later.",
            text: { ConfigurationText.size($0.limits.maxFrame) }),
        ConfigurationKey(
            path: "limits.streamWindow", form: .size, isLive: true,
            meaning: "What a client may send ahead of a stream of requests; holds for connections that are made later.",
            text: { ConfigurationText.size($0.limits.streamWindow) }),
        ConfigurationKey(
            path: "limits.bufferedPerConnection", form: .size, isLive: true,
            meaning: "Unread answers of one connection before its streams have to wait.",
            text: { ConfigurationText.size($0.limits.maxBuffered) }),
        ConfigurationKey(
            path: "limits.buffered", form: .size, isLive: true,
            meaning: "What all connections together may buffer.",
            text: { ConfigurationText.size($0.limits.maxBufferedTotal) }),
        ConfigurationKey(
            path: "limits.helloTimeout", form: .time, isLive: true,
            meaning: "How long a new connection may take for its HELLO.",
            text: { ConfigurationText.time($0.limits.helloTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "limits.idleTimeout", form: .time, isLive: true,
            meaning: "How long a connection may have nothing in flight; 0: for ever.",
            text: { ConfigurationText.time($0.limits.idleTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "limits.stallTimeout", form: .time, isLive: true,
            meaning:
                "How long a peer may not go on with a frame that it has begun, or not read its answers; 0: for ever.",
            text: { ConfigurationText.time($0.limits.stallTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "limits.defaultDeadline", form: .time, isLive: true,
            meaning: "For a request that names no deadline.",
            text: { ConfigurationText.time($0.limits.defaultDeadlineMilliseconds) }),
        ConfigurationKey(
            path: "limits.maxDeadline", form: .time, isLive: true,
            meaning: "A longer deadline is lowered to this.",
            text: { ConfigurationText.time($0.limits.maxDeadlineMilliseconds) }),
        ConfigurationKey(
            path: "limits.drainTimeout", form: .time, isLive: true,
            meaning: "How long what is in flight may go on when the service is stopped.",
            text: { ConfigurationText.time($0.limits.drainTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "access.read.users", form: .accounts, isLive: true,
            meaning: "Users who may read, on a Unix socket.",
            text: { ConfigurationText.accounts($0.access.users, AccessPolicy.read) }),
        ConfigurationKey(
            path: "access.read.groups", form: .accounts, isLive: true,
            meaning: "Groups whose members may read; supplementary groups count.",
            text: { ConfigurationText.accounts($0.access.groups, AccessPolicy.read) }),
        ConfigurationKey(
            path: "access.read.everyone", form: .flag, isLive: true,
            meaning: "Whether everybody who can connect to a Unix socket may read.",
            text: { "\($0.access.everyone & AccessPolicy.read != 0)" }),
        ConfigurationKey(
            path: "access.write.users", form: .accounts, isLive: true,
            meaning: "Users who may write, on a Unix socket.",
            text: { ConfigurationText.accounts($0.access.users, AccessPolicy.write) }),
        ConfigurationKey(
            path: "access.write.groups", form: .accounts, isLive: true,
            meaning: "Groups whose members may write; supplementary groups count.",
            text: { ConfigurationText.accounts($0.access.groups, AccessPolicy.write) }),
        ConfigurationKey(
            path: "access.write.everyone", form: .flag, isLive: true,
            meaning: "Whether everybody who can connect to a Unix socket may write.",
            text: { "\($0.access.everyone & AccessPolicy.write != 0)" }),
        ConfigurationKey(
            path: "access.administer.users", form: .accounts, isLive: true,
            meaning: "Users who may administer, on a Unix socket.",
            text: { ConfigurationText.accounts($0.access.users, AccessPolicy.administer) }),
        ConfigurationKey(
            path: "access.administer.groups", form: .accounts, isLive: true,
            meaning: "Groups whose members may administer; supplementary groups count.",
            text: { ConfigurationText.accounts($0.access.groups, AccessPolicy.administer) }),
        ConfigurationKey(
            path: "access.administer.everyone", form: .flag, isLive: true,
            meaning: "Whether everybody who can connect to a Unix socket may administer.",
            text: { "\($0.access.everyone & AccessPolicy.administer != 0)" }),
        ConfigurationKey(
            path: "access.socketGroup", form: .texts, isLive: true,
            meaning:
                "What members of the group may do that the file of the Unix socket belongs to: read, write, administer.",
            text: { ConfigurationText.roles($0.access.socketGroup) }),
        ConfigurationKey(
            path: "access.tcp", form: .texts, isLive: true,
            meaning: "What everybody may do who can connect to a TCP socket.",
            text: { ConfigurationText.roles($0.access.tcp) }),
        ConfigurationKey(
            path: "plugins.directory", form: .text, isLive: false,
            meaning: "Where the plugins are. By default lib/articled/plugins beside the bin of the program.",
            text: { $0.plugins.directory }),
        ConfigurationKey(
            path: "plugins.required", form: .texts, isLive: false,
            meaning: "Plugins without which the service does not start.",
            text: { ConfigurationText.list($0.plugins.required) }),
        ConfigurationKey(
            path: "plugins.storage", form: .text, isLive: false,
            meaning: "The plugin that keeps the articles. By default the only one that can.",
            text: { $0.plugins.storage ?? "" }),
        ConfigurationKey(
            path: "plugins.startTimeout", form: .time, isLive: false,
            meaning: "How long one plugin may take to start.",
            text: { ConfigurationText.time($0.plugins.startTimeoutMilliseconds) }),
        ConfigurationKey(
            path: "plugins.NAME", form: .sections, isLive: true,
            meaning: "The own settings of a plugin, which says what there is, and what of it a reload takes.",
            text: { ConfigurationText.sections($0.plugins.sections) }),
    ]
}
