// SPDX-License-Identifier: Apache-2.0
import HandlerKit

@testable import PostgreSQLEngine
@testable import PostgreSQLServer

extension PostgreSQLStorage {
    /// Opens an engine on a database, with more members of its section of the configuration.
    static func open(
        _ cluster: Cluster, _ database: String, _ more: String = "", log: PluginLog = .none
    ) throws -> PostgreSQLStorage {
        // Few connections: many engines are open at once.
        let members = ["connection: \"\(cluster.connection(database))\"", "readConnections: 2", more]
        let section = "{ \(members.filter { !$0.isEmpty }.joined(separator: ", ")) }"
        return try PostgreSQLStorage(
            context: PluginContext(configuration: PluginConfiguration(json: Array(section.utf8)), log: log))
    }
}
