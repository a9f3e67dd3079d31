internal import ArticleServer

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
