// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// A PostgreSQL server of the tests' own: in a temporary directory, on a Unix socket only, with fsync.
///
/// A shell holds it, and waits for a line. When this process ends, however it does, the shell reads the end of the pipe
/// instead, stops the server and removes the directory.
final class Cluster: Sendable {
    /// One for all tests that leave it running.
    static let shared = Result { try Cluster() }

    static let binaries = "/usr/lib/postgresql/15/bin"
    private static let unprivileged = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    private static let lastDatabase = Atomic(0)

    let directory: String
    /// Of its socket, and of addresses that it listens on.
    let port: Int
    private let shell: ChildProgram

    /// It has a file system of its own for its data.
    private let isMounted: Bool

    /// - Parameters:
    ///   - port: a free one, if the settings tell the server to listen on addresses.
    ///   - primary: the server that it is a replica of.
    ///   - disk: the size of a disk of its own, such as "200m", which is memory. Needs root.
    init(_ settings: [String] = [], port: Int = 5432, replicaOf primary: Cluster? = nil, disk: String? = nil) throws {
        self.port = port
        isMounted = disk != nil
        guard unsafe access(Self.binaries + "/initdb", X_OK) == 0 else {
            throw Failure("\(Self.binaries) has no initdb: apt-get install postgresql-15, as Tests/run does")
        }
        var template = Array("/tmp/articled-postgresql-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure("mkdtemp failed") }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // PostgreSQL does not run as root.
        let isRoot = getuid() == 0
        if isRoot { try Self.run("/bin/chown", ["postgres", directory]) }
        let script = """
            set -e
            cd "$1"
            trap 'rm -rf "$1"' EXIT
            if [ -n "$5" ]; then
                "$2/pg_basebackup" --host "$5" --username articled --pgdata data --write-recovery-conf --checkpoint=fast \\
                    --no-sync >log 2>&1
            else
                "$2/initdb" --pgdata data --auth trust --encoding UTF8 --no-locale --username articled --no-sync >log 2>&1
            fi
            printf '%s\\n' "listen_addresses = ''" "unix_socket_directories = '$1'" "port = $4" 'max_connections = 500' \\
                'shared_buffers = 64MB' "$3" >>data/postgresql.conf
            "$2/pg_ctl" --pgdata data --log server.log --wait --silent start >>log 2>&1
            echo started
            read -r line || true
            "$2/pg_ctl" --pgdata data --mode immediate --silent stop >>log 2>&1 || true
            """
        let arguments = [
            "-c", script, "sh", directory, Self.binaries, settings.joined(separator: "\n"), "\(port)",
            primary?.directory ?? "",
        ]
        let unprivileged = ["/usr/bin/setpriv"] + Self.unprivileged + ["/bin/sh"] + arguments
        if let disk {
            // Nobody else sees it, and it goes with the last process.
            let mount = """
                mkdir -m 700 "$0/data" && mount -t tmpfs -o "size=$1,mode=700" tmpfs "$0/data" && chown postgres "$0/data" || exit
                shift
                exec "$@"
                """
            shell = try ChildProgram(
                "/usr/bin/unshare", ["--mount", "/bin/sh", "-c", mount, directory, disk] + unprivileged)
        } else {
            shell =
                isRoot
                ? try ChildProgram(unprivileged[0], Array(unprivileged.dropFirst()))
                : try ChildProgram("/bin/sh", arguments)
        }
        let line = shell.read()
        guard line == "started\n" else { throw Failure("the server did not start: see \(directory)/log") }
    }

    /// Stops it, and removes its directory.
    deinit {
        shell.write("stop\n")
        _ = shell.wait()
        if isMounted { _ = try? Self.run("/bin/rm", ["-rf", directory]) }
    }

    /// What libpq needs to connect.
    func connection(_ database: String) -> String { "host=\(directory) port=\(port) user=articled dbname=\(database)" }

    /// Runs a command of the shell as the server's user, in its directory.
    func runAsServer(_ command: String) throws {
        let words = "cat >/dev/null; cd \(directory) && \(command)".replacing("'", with: "''")
        try sql("COPY (SELECT) TO PROGRAM '\(words)'")
    }

    /// A port on which nobody listens.
    static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, size) == 0 && getsockname(socket, address, &size) == 0
            }
        }
        guard isBound else { throw Failure("no port is free") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Creates a database.
    func database() throws -> String {
        let name = "test_\(Self.lastDatabase.add(1, ordering: .relaxed).newValue)"
        try sql("CREATE DATABASE \(name)")
        return name
    }

    /// Runs statements, and returns what they print: values with "|" between them.
    @discardableResult
    func sql(_ statements: String, in database: String = "postgres") throws -> String {
        try Self.run(
            Self.binaries + "/psql",
            [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--dbname",
                connection(database), "--command", statements,
            ])
    }

    /// pg_ctl, such as `stop` or `start`.
    func control(_ arguments: [String]) throws {
        // The server would keep the pipe open.
        let command = [
            "/bin/sh", "-c", "\"$0\" \"$@\" >/dev/null 2>&1 || { tail -n 5 \"$4\"; exit 1; }",
            Self.binaries + "/pg_ctl", "--pgdata",
            "\(directory)/data",
            "--log", "\(directory)/server.log", "--wait", "--silent",
        ]
        if getuid() == 0 {
            try Self.run("/usr/bin/setpriv", Self.unprivileged + command + arguments)
        } else {
            try Self.run(command[0], Array(command.dropFirst()) + arguments)
        }
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let child = try ChildProgram(program, arguments)
        var output = ""
        while true {
            let part = child.read()
            if part.isEmpty { break }
            output += part
        }
        guard child.wait() == 0 else { throw Failure("\(program): \(output)") }
        if output.last == "\n" { output.removeLast() }
        return output
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
