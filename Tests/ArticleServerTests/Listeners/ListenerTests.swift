// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import ArticleServer

@Suite struct ListenerTests {
    private func mode(_ path: String) -> UInt32? {
        var status = stat()
        return unsafe lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    /// -1 if nobody listens.
    private func connect(_ address: ListenAddress) -> Int32 {
        let descriptor = socket(SocketAddress.family(of: address), Int32(SOCK_STREAM.rawValue), 0)
        if unsafe SocketAddress.with(address, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 { return descriptor }
        close(descriptor)
        return -1
    }

    @Test func unixSocket() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a.sock"
        let listener = try Listener(binding: .unix(path), mode: 0o600)
        #expect(!listener.isTCP)
        #expect(listener.description == "unix:\(path)")
        #expect(listener.group == getegid())
        #expect(mode(path) == 0o600)
        let peer = connect(.unix(path))
        #expect(peer >= 0)
        close(peer)
        listener.close()
        #expect(mode(path) == nil)
    }

    @Test func internetSockets() throws {
        for text in ["tcp:127.0.0.1:0", "tcp:[::1]:0"] {
            let listener = try Listener(binding: ListenAddress(text))
            #expect(listener.isTCP)
            let address = try ListenAddress(listener.description)
            #expect(address.description != text, "the kernel's port is told")
            let peer = connect(address)
            #expect(peer >= 0)
            close(peer)
            listener.close()
        }
    }

    @Test func deadSocketIsReplaced() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a.sock"
        // As after kill -9: the file stays, but nobody listens.
        let dead = try Listener(binding: .unix(path))
        close(dead.descriptor)
        #expect(mode(path) != nil)
        let listener = try Listener(binding: .unix(path))
        listener.close()
    }

    @Test func livingSocketIsLeftAlone() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a.sock"
        let first = try Listener(binding: .unix(path))
        let error = try #require(throws: StartError.self) { try Listener(binding: .unix(path)) }
        #expect(error.description.contains("another process listens"))
        #expect(mode(path) != nil)
        first.close()
    }

    @Test func fileThatIsNoSocketIsLeftAlone() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.sock", "dear diary")
        #expect(throws: StartError.self) { try Listener(binding: .unix(path)) }
        #expect(mode(path) != nil)
    }

    @Test func remoteOnlyIfAllowed() throws {
        #expect(throws: StartError.self) { try Listener(binding: .ipv4([0, 0, 0, 0], port: 0)) }
    }

    @Test func inherited() throws {
        let directory = try TemporaryDirectory()
        let own = try Listener(binding: .unix("\(directory.path)/a.sock"))
        let inherited = try Listener(
            inheriting: InheritedSocket(name: "articled.socket", descriptor: own.descriptor), allowRemote: false)
        #expect(inherited.isInherited)
        #expect(inherited.description == own.description)
        #expect(inherited.group == own.group)
        #expect(inherited.purpose == .articles)
        let metrics = try Listener(
            inheriting: InheritedSocket(name: "articled-metrics", descriptor: own.descriptor), allowRemote: false)
        #expect(metrics.purpose == .metrics)
        #expect(throws: StartError.self) {
            try Listener(inheriting: InheritedSocket(name: "printer", descriptor: own.descriptor), allowRemote: false)
        }
        own.close()
    }

    @Test func inheritedButNotListening() throws {
        var pair: [Int32] = [-1, -1]
        #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        let datagram = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(datagram) }
        for descriptor in [pair[0], datagram, 9999] {
            #expect(throws: StartError.self) {
                try Listener(inheriting: InheritedSocket(name: "unix", descriptor: descriptor), allowRemote: true)
            }
        }
    }

    @Test func credentials() throws {
        var pair: [Int32] = [-1, -1]
        #expect(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        let peer = try #require(PeerCredentials(of: pair[0]))
        #expect(peer.user == geteuid())
        #expect(peer.group == getegid())
        #expect(peer.process == UInt32(getpid()))
        var own = [gid_t](repeating: 0, count: 65536)
        let count = unsafe getgroups(Int32(own.count), &own)
        #expect(peer.groups.sorted() == own.prefix(Int(count)).sorted())
        #expect(PeerCredentials(of: 9999) == nil)
    }
}
