// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CLinux
import Glibc
import LinuxRuntime
import Testing

@testable import ArticleServer

@Suite struct HandoverStateTests {
    private static let terms = SessionTerms(maxFrame: 1 << 20, streamWindow: 65536, maxInFlight: 100)

    private static func connection(_ change: (inout HandoverConnection) -> Void = { _ in }) -> HandoverConnection {
        var connection = HandoverConnection()
        connection.protocolVersion = 1
        connection.clientMaxFrame = 65536
        connection.clientWindow = 1000
        connection.terms = terms
        change(&connection)
        return connection
    }

    private static func state(_ connections: HandoverConnection...) -> HandoverState {
        var state = HandoverState()
        state.tables = [
            MethodTable([MethodDescription(name: "a.b", number: 1), MethodDescription(name: "a.c", number: 2)]),
            MethodTable([]),
        ]
        state.connections = connections
        return state
    }

    private static let example = state(
        connection {
            $0.incoming = [1, 2, 3]
            $0.outgoing = Array(repeating: 7, count: 5000)
        }, HandoverConnection(), connection { $0.methods = 1 })

    @Test func whatIsWrittenIsRead() throws {
        #expect(try HandoverState(file: Self.example.file()) == Self.example)
        #expect(try HandoverState(file: Self.state().file()) == Self.state())
    }

    @Test func whatIsCutOffIsRefused() throws {
        let file = Self.example.file()
        for size in file.indices {
            #expect(throws: HandoverError.self, "\(size) bytes") { try HandoverState(file: Array(file[..<size])) }
        }
        #expect(throws: HandoverError.self) { try HandoverState(file: file + [0]) }
    }

    @Test func everyFlippedBitIsFoundOut() throws {
        var file = Self.state(Self.connection { $0.incoming = [1, 2, 3] }).file()
        for index in file.indices {
            for bit in 0..<8 {
                file[index] ^= 1 << bit
                #expect(throws: HandoverError.self, "bit \(bit) of byte \(index)") { try HandoverState(file: file) }
                file[index] ^= 1 << bit
            }
        }
    }

    /// Random content with a correct checksum is refused or read, without a trap.
    @Test func nonsenseDoesNoHarm() {
        let example = Self.state(Self.connection { $0.incoming = [1, 2, 3] }, HandoverConnection()).file()
        var refused = 0
        for place in example.indices.dropFirst(HandoverState.headerSize) {
            for byte in UInt8.min...UInt8.max {
                var file = example
                file[place] = byte
                let checksum = CRC32C.checksum(Array(file[HandoverState.headerSize...]))
                for index in 0..<4 { file[12 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
                do throws(HandoverError) { _ = try HandoverState(file: file) } catch { refused += 1 }
            }
        }
        #expect(refused > 1000)
    }

    @Test func anotherFormatIsNamed() throws {
        var file = Self.example.file()
        file[8] = 2
        let error = try #require(throws: HandoverError.self) { try HandoverState(file: file) }
        #expect(error.description.contains("its format is 2"))
    }

    /// Complete states with values that no two hellos can have agreed on.
    @Test(arguments: [
        connection { $0.protocolVersion = 9 }, connection { $0.clientMaxFrame = 100 },
        connection { $0.clientWindow = 0 }, connection { $0.terms.maxFrame = 0 },
        connection { $0.terms.maxFrame = 1 << 30 }, connection { $0.terms.streamWindow = 0 },
        connection { $0.terms.streamWindow = Int(UInt32.max) }, connection { $0.terms.maxInFlight = 0 },
        connection { $0.terms.maxInFlight = 1 << 20 }, connection { $0.methods = 2 },
        connection {
            $0.protocolVersion = 0
            $0.outgoing = [1]
        },
    ])
    fileprivate func impossibleValuesAreRefused(_ connection: HandoverConnection) throws {
        let error = try #require(throws: HandoverError.self) {
            try HandoverState(file: Self.state(Self.connection(), connection).file())
        }
        #expect(error.description.hasPrefix("connection 1 has "))
    }

    @Test func tooManyAreRefused() throws {
        var state = Self.state()
        state.connections = Array(repeating: HandoverConnection(), count: HandoverState.maxConnections + 1)
        #expect(throws: HandoverError.self) { try HandoverState(file: state.file()) }
        state = Self.state()
        state.tables = Array(repeating: MethodTable(), count: HandoverState.maxTables + 1)
        #expect(throws: HandoverError.self) { try HandoverState(file: state.file()) }
    }
}

@Suite struct HandoverParcelTests {
    private func state(of count: Int) -> HandoverState {
        var state = HandoverState()
        state.connections = Array(repeating: HandoverConnection(), count: count)
        return state
    }

    /// More sockets than one message carries, in order.
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
        // The parcel is empty now: a second process with the same descriptor finds nothing.
        let again = HandoverParcel.unpack(parcel)
        #expect(throws: HandoverError.self) { try again.state.get() }
        #expect(again.sockets.isEmpty)
        Descriptor.close(parcel)
    }

    /// Descriptors that someone else has put into the store.
    @Test func foreignDescriptorsAreRefused() throws {
        var pipes: [Int32] = [0, 0]
        try #require(unsafe pipe(&pipes) == 0)
        var packets: [Int32] = [0, 0]
        try #require(unsafe clinux_packet_pair(&packets) == 0)
        var label = Array("articled handover".utf8)
        // A label without descriptors, another label with one, and one that is too long.
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

    /// A state file that is not ours, or that could still be changed.
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
        #expect(error.description == "it describes 2 connections, but the number of sockets is 1")
        for descriptor in sockets + [parcel, pair.0, pair.1] { Descriptor.close(descriptor) }
    }
}

@Suite struct ClientMethodsTests {
    private func router(_ methods: (String, Bool)...) -> Router {
        Router(
            methods.enumerated().map { index, method in
                unsafe Route(
                    description: MethodDescription(
                        name: method.0, number: UInt32(index + 1), streamResponse: method.1),
                    role: 0, streamsRequest: false, streamsResponse: method.1, handle: Script.handle, plugin: nil,
                    index: 0)
            })
    }

    @Test func theSameNumbersNeedNoTable() {
        let now = router(("a.get", false), ("a.list", true))
        #expect(ClientMethods(MethodTable(now.descriptions), now) == nil)
    }

    @Test func numbersAreTranslated() throws {
        let before = MethodTable(router(("a.get", false), ("a.list", true), ("a.put", false)).descriptions)
        let now = router(("b.new", false), ("a.put", false), ("a.get", false), ("a.list", false))
        let methods = try #require(ClientMethods(before, now))
        #expect(methods.number(for: 1) == 3)
        #expect(methods.number(for: 2) == 0, "it gives its answer in another way now")
        #expect(methods.number(for: 3) == 2)
        #expect(methods.number(for: 4) == 0, "a number that this client was never told")
        #expect(methods.number(for: 0) == 0)
        #expect(methods.number(for: .max) == 0)
        #expect(methods.table == before)
    }

    @Test func aMethodLessIsADifference() throws {
        let before = MethodTable(router(("a.get", false), ("a.list", true)).descriptions)
        let methods = try #require(ClientMethods(before, router(("a.get", false))))
        #expect(methods.number(for: 1) == 1)
        #expect(methods.number(for: 2) == 0)
    }

    /// From a table that no server creates.
    @Test func strangeNumbersAreSkipped() throws {
        let table = MethodTable([
            MethodDescription(name: "a.get", number: 0), MethodDescription(name: "a.get", number: 70_000),
            MethodDescription(name: "a.get", number: 65_535),
        ])
        let methods = try #require(ClientMethods(table, router(("a.get", false))))
        #expect(methods.number(for: 65_535) == 1)
        #expect(methods.number(for: 1) == 0)
    }
}
