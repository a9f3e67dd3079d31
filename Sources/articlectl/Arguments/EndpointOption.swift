// SPDX-License-Identifier: Apache-2.0
import ArticleClient

/// Where articled is, as the command line says, or the environment.
enum EndpointOption {
    /// The option that names an endpoint, if there is one, with its value.
    static func given(_ arguments: Arguments) -> String? {
        arguments.value("socket") ?? arguments.value("tcp") ?? arguments.value("endpoint")
    }

    /// - Parameter list: of `--endpoint`.
    /// - Returns: the endpoints in the order of preference; at least one.
    static func endpoints(socket: String?, tcp: String?, list: String?) throws(CommandFailure) -> [Endpoint] {
        let given = [("--socket", socket), ("--tcp", tcp), ("--endpoint", list)].filter { $0.1 != nil }.map(\.0)
        guard given.count < 2 else { throw .usage("\(given.joined(separator: " and ")) exclude each other") }
        if socket == "" { throw .usage("--socket needs a path") }
        do throws(ClientError) {
            if let socket { return [try .unix(socket, from: "--socket")] }
            if let tcp { return [try .tcp(tcp, from: "--tcp")] }
            if let list { return try Endpoint.list(list, from: "--endpoint") }
            return try Endpoint.environment()
        } catch {
            throw .usage(error.message)
        }
    }
}
