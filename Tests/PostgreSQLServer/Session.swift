// SPDX-License-Identifier: Apache-2.0
/// psql, kept open: a transaction of somebody else.
final class Session {
    private let child: ChildProgram
    private var rest = ""

    init(_ cluster: Cluster, _ database: String) throws {
        child = try ChildProgram(
            Cluster.binaries + "/psql",
            [
                "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--dbname",
                cluster.connection(database),
            ])
    }

    deinit {
        child.write("\\q\n")
        _ = child.wait()
    }

    /// Runs statements, and waits for their end.
    func run(_ statements: String) throws {
        child.write("\(statements);\n\\echo done\n")
        while true {
            if let end = rest.firstRange(of: "done\n") {
                rest.removeSubrange(..<end.upperBound)
                return
            }
            let part = child.read()
            guard !part.isEmpty else { throw Cluster.Failure("psql has ended: \(statements): \(rest)") }
            rest += part
        }
    }
}
