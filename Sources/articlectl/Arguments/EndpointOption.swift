// SPDX-License-Identifier: Apache-2.0
import ArticleClient

/// Where articled is, as the command line says, or the environment.
enum EndpointOption {
    /// The option that names an endpoint, if there is one, with its value.
    static func given(_ arguments: Arguments) -> String? {
        arguments.value("socket") ?? arguments.value("tcp") ?? arguments.value("tls") ?? arguments.value("endpoint")
    }

    /// The endpoints that the arguments name, with the files for TLS.
    static func endpoints(_ arguments: Arguments) throws(CommandFailure) -> [Endpoint] {
        let endpoints = try endpoints(
            socket: arguments.value("socket"), tcp: arguments.value("tcp"), tls: arguments.value("tls"),
            list: arguments.value("endpoint"))
        let hasTLS = endpoints.contains {
            if case .tls = $0 { true } else { false }
        }
        for name in ["ca", "certificate", "key"] where arguments.value(name) != nil && !hasTLS {
            throw .usage(
                "--\(name) is for TLS, which no endpoint here has",
                hint: "--tls HOST:PORT names one, or --endpoint tls:HOST:PORT")
        }
        guard hasTLS else { return endpoints }
        do throws(ClientError) {
            return try Endpoint.secured(
                endpoints, authorities: arguments.value("ca"), certificate: arguments.value("certificate"),
                key: arguments.value("key"))
        } catch {
            throw .usage(error.message)
        }
    }

    /// - Parameter list: of `--endpoint`.
    /// - Returns: the endpoints in the order of preference; at least one.
    static func endpoints(
        socket: String?, tcp: String?, tls: String? = nil, list: String?
    ) throws(CommandFailure) -> [Endpoint] {
        let given = [("--socket", socket), ("--tcp", tcp), ("--tls", tls), ("--endpoint", list)].filter { $0.1 != nil }
            .map(\.0)
        guard given.count < 2 else { throw .usage("\(given.joined(separator: " and ")) exclude each other") }
        if socket == "" { throw .usage("--socket needs a path") }
        do throws(ClientError) {
            if let socket { return [try .unix(socket, from: "--socket")] }
            if let tcp { return [try .tcp(tcp, from: "--tcp")] }
            if let tls { return [try .tls(tls, from: "--tls")] }
            if let list { return try Endpoint.list(list, from: "--endpoint") }
            return try Endpoint.environment()
        } catch {
            throw .usage(error.message)
        }
    }
}
