// SPDX-License-Identifier: Apache-2.0
/// The order in which plugins start: the storage engine first, then by file name, but no plugin before those that it
/// names in `articled_plugin.after`.
enum StartOrder {
    /// - Parameters:
    ///   - libraries: sorted by file name.
    ///   - engine: the one that provides the storage. Other engines are not started at all, unless they have methods.
    /// - Throws: the plugins that can only start after each other.
    static func of(
        _ libraries: [PluginLibrary], engine: PluginLibrary?, directory: String
    ) throws(PluginError) -> [PluginLibrary] {
        let others = libraries.filter { $0.path != engine?.path && !($0.providesStorage && $0.methods.isEmpty) }
        let after = Dictionary(uniqueKeysWithValues: others.map { ($0.name, $0.after) })
        var order: [String] = []
        for library in others {
            if let circle = visit(library.name, after, &order, path: []) {
                throw PluginError(
                    directory,
                    "these plugins can only start after each other: \(circle.joined(separator: " -> ")); remove one of them"
                )
            }
        }
        return (engine.map { [$0] } ?? []) + order.compactMap { name in others.first { $0.name == name } }
    }

    /// Appends a plugin behind those that it starts after.
    ///
    /// - Parameter path: the plugins that wait for this one.
    /// - Returns: the circle, if there is one: "search", "duplicates", "search".
    private static func visit(
        _ name: String, _ after: [String: [String]], _ order: inout [String], path: [String]
    ) -> [String]? {
        // Names of plugins that are not there are ignored.
        guard let before = after[name], !order.contains(name) else { return nil }
        if let start = path.firstIndex(of: name) { return path[start...] + [name] }
        for other in before {
            if let circle = visit(other, after, &order, path: path + [name]) { return circle }
        }
        order.append(name)
        return nil
    }
}
