import ArticleProtocol
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

    /// Nonsense with a checksum that is right is refused or read, and no more.
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

    /// Whole, but with values that no two hellos can have agreed on.
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
        state.connections = Array(repeating: HandoverConnection(), count: HandoverState.mostConnections + 1)
        #expect(throws: HandoverError.self) { try HandoverState(file: state.file()) }
        state = Self.state()
        state.tables = Array(repeating: MethodTable(), count: HandoverState.mostTables + 1)
        #expect(throws: HandoverError.self) { try HandoverState(file: state.file()) }
    }
}
