// SPDX-License-Identifier: Apache-2.0
import ArticleClient

/// Where articled is, as the command line says, or the environment.
enum EndpointOption {
    static func endpoint(socket: String?, tcp: String?) throws(CommandFailure) -> Endpoint {
        if socket != nil, tcp != nil { throw .usage("--socket and --tcp exclude each other") }
        if socket == "" { throw .usage("--socket needs a path") }
        do throws(ClientError) {
            switch (socket, tcp) {
            case (let path?, _): return try .unix(path, from: "--socket")
            case (nil, let address?): return try .tcp(address, from: "--tcp")
            case (nil, nil): return try .environment()
            }
        } catch {
            throw .usage(error.message)
        }
    }
}
