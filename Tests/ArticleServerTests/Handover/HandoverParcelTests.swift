import CLinux
import Glibc
import LinuxRuntime
import Testing

@testable import ArticleServer

@Suite struct HandoverParcelTests {
    private func state(of count: Int) -> HandoverState {
        var state = HandoverState()
        state.connections = Array(repeating: HandoverConnection(), count: count)
        return state
    }

    /// More of them than one message carries, and in their order.
    @Test func socketsArrive() throws {
        let pairs = try (0..<300).map { _ in try socketPair() }
        let parcel = try HandoverParcel.pack(state(of: 300), pairs.map(\.0))
        for pair in pairs { Descriptor.close(pair.0) }
        let (state, sockets) = HandoverParcel.unpack(parcel)
        #expect(try state.get() == self.state(of: 300))
        try #require(sockets.count == 300)
        for (index, (socket, pair)) in zip(sockets, pairs).enumerated() {
            let word = Array("\(index)".utf8)
            #expect(unsafe write(socket, word, word.count) == word.count)
            #expect(drain(pair.1) == word)
            #expect(fcntl(socket, F_GETFD) & FD_CLOEXEC != 0)
            Descriptor.close(socket)
            Descriptor.close(pair.1)
        }
        // What was taken out is gone: a second process that gets the same descriptor finds nothing.
        let again = HandoverParcel.unpack(parcel)
        #expect(throws: HandoverError.self) { try again.state.get() }
        #expect(again.sockets.isEmpty)
        Descriptor.close(parcel)
    }

    /// What somebody else has put into the store.
    @Test func foreignDescriptorsAreRefused() throws {
        var pipes: [Int32] = [0, 0]
        try #require(unsafe pipe(&pipes) == 0)
        var packets: [Int32] = [0, 0]
        try #require(unsafe clinux_packet_pair(&packets) == 0)
        var label = Array("articled handover".utf8)
        // A label without descriptors, other words with one, one without an end.
        _ = unsafe clinux_send_descriptors(packets[0], &label, label.count, nil, 0)
        _ = unsafe clinux_send_descriptors(packets[0], &label, label.count - 1, pipes, 1)
        _ = unsafe clinux_send_descriptors(packets[0], Array(repeating: 1, count: 9000), 9000, pipes, 2)
        let stream = try socketPair()
        let memory = try SealedMemory.make("test", [1, 2, 3])
        for descriptor in [pipes[0], packets[1], packets[1], packets[1], packets[1], stream.0, memory, 9999] {
            let (state, sockets) = HandoverParcel.unpack(descriptor)
            #expect(throws: HandoverError.self) { try state.get() }
            #expect(sockets.isEmpty)
        }
        for descriptor in pipes + packets + [stream.0, stream.1, memory] { Descriptor.close(descriptor) }
    }

    /// A file in the place of the state that is another's, or that somebody could still change.
    @Test func foreignFilesAreRefused() throws {
        let unsealed = unsafe clinux_memory_file("test")
        let content = state(of: 1).file()
        try #require(unsafe write(unsealed, content, content.count) == content.count)
        let sealed = try SealedMemory.make("test", Array("nothing of the kind, but long enough".utf8))
        let pair = try socketPair()
        for file in [unsealed, sealed, pair.1] {
            var ends: [Int32] = [0, 0]
            try #require(unsafe clinux_packet_pair(&ends) == 0)
            let label = Array("articled handover".utf8)
            _ = unsafe clinux_send_descriptors(ends[0], label, label.count, [file, pair.0], 2)
            let (state, sockets) = HandoverParcel.unpack(ends[1])
            #expect(throws: HandoverError.self) { try state.get() }
            #expect(sockets.count == 1, "they are the caller's to close")
            for descriptor in ends + sockets { Descriptor.close(descriptor) }
        }
        for descriptor in [unsealed, sealed, pair.0, pair.1] { Descriptor.close(descriptor) }
    }

    @Test func countsMustAgree() throws {
        let pair = try socketPair()
        let parcel = try HandoverParcel.pack(state(of: 2), [pair.0])
        let (state, sockets) = HandoverParcel.unpack(parcel)
        let error = try #require(throws: HandoverError.self) { try state.get() }
        #expect(error.description == "it is of 2 connections, and 1 have come")
        for descriptor in sockets + [parcel, pair.0, pair.1] { Descriptor.close(descriptor) }
    }
}
