// SPDX-License-Identifier: Apache-2.0
// What a peer can send on one connection, and what plugins may do meanwhile, against the server's session: no socket, no loop that
// runs, but each request gets one last frame, nothing is left over, and every frame that goes out is whole.
// modules: ArticleServer
import ArticleProtocol
import CPluginABI
import Glibc

@testable import ArticleServer

/// One input: steps of a kind, each with what it needs from the bytes behind it.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data else { return 0 }
    var input = Input(bytes: unsafe Array(UnsafeBufferPointer(start: data, count: count)))
    let run = Run()
    if input.byte() % 8 != 0 { run.receive(.hello, payload: hello.encoded(), &input) }
    while !input.isEmpty { run.step(&input) }
    run.finish()
    return 0
}

private let hello = ClientHello(protocolMin: 1, protocolMax: 1, maxFrame: 8192, streamWindow: 300, agent: "fuzz")

/// The bytes, taken from the front; zeros behind the last.
private struct Input {
    var bytes: [UInt8]
    var offset = 0

    var isEmpty: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8 {
        guard offset < bytes.count else { return 0 }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func some(_ most: Int) -> [UInt8] {
        let size = min(Int(byte()) % (most + 1), bytes.count - offset)
        defer { offset += size }
        return Array(bytes[offset..<offset + size])
    }
}

/// One loop for all inputs: its pools are used again, as they are in a service.
private let loop: EventLoop = {
    Log.threshold = .error
    func route(_ index: UInt32, _ name: String, streams: Bool = false) -> Route {
        unsafe Route(
            description: MethodDescription(name: name, number: index + 1, role: "read"),
            role: UInt32(ARTICLED_ROLE_READ),
            streamsRequest: streams, streamsResponse: streams, handle: handle, plugin: nil, index: index)
    }
    var configuration = ServerConfiguration()
    configuration.limits.maxInFlight = 8
    let context = ServerContext(
        configuration: configuration,
        router: Router([route(0, "test.echo"), route(1, "test.keep"), route(2, "test.stream", streams: true)]),
        loops: 1,
        beatInterval: 0)
    guard let loop = try? EventLoop(index: 0, context: context, listeners: []) else { fatalError("no loop") }
    return loop
}()

/// Requests that the plugin has not ended.
nonisolated(unsafe) private var kept: [UnsafeMutablePointer<articled_request>] = unsafe []

private let handle: @convention(c) (UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<articled_request>?) -> Void =
    {
        _, method, request in
        guard let request = unsafe request else { return }
        if method == 0 {
            var part = unsafe request.pointee.payload
            _ = unsafe HostTable.shared.pointee.respond(request, &part, 1, nil)
        } else {
            unsafe kept.append(request)
            unsafe HostTable.shared.pointee.watch(request, events, nil)
        }
    }

nonisolated(unsafe) private let events: UnsafePointer<articled_events> = {
    let events = UnsafeMutablePointer<articled_events>.allocate(capacity: 1)
    unsafe events.initialize(
        to: articled_events(
            size: UInt32(MemoryLayout<articled_events>.size), reserved: 0, message: { _, _, _ in }, ended: { _, _ in },
            writable: { _, _ in }, cancelled: { _, _, _ in }))
    return unsafe UnsafePointer(events)
}()

private final class Run {
    private let session: Session
    private let outgoing: OutgoingBuffer
    private var pending: [UInt8] = []

    init() {
        outgoing = OutgoingBuffer(pool: loop.buffers)
        session = Session(
            peer: Peer(credentials: nil, roles: UInt32(ARTICLED_ROLE_READ)),
            account: PeerAccount(.user(1), Totals(loop.context.configuration.limits)), loop: loop, outgoing: outgoing)
    }

    func step(_ input: inout Input) {
        let choice = input.byte()
        switch choice % 16 {
        case 0...8: receive(FrameKind(rawValue: choice / 16), payload: nil, &input)
        case 9: act(&input) { request, part in unsafe HostTable.shared.pointee.send(request, part, 1, nil) }
        case 10: end(&input) { request, part in unsafe HostTable.shared.pointee.respond(request, part, 1, nil) }
        case 11: end(&input) { request, _ in unsafe HostTable.shared.pointee.finish(request) }
        case 12: end(&input) { request, part in unsafe HostTable.shared.pointee.fail(request, 5, part.pointee) }
        case 13:
            let bytes = Int(input.byte()) * 16
            act(&input) { request, _ in
                unsafe HostTable.shared.pointee.consumed(request, bytes)
                return 0
            }
        case 14:
            switch choice / 16 {
            case 0: _ = session.inputEnded()
            case 1: session.drain()
            default: session.outputDrained()
            }
        default: take(input.some(64))
        }
        if outgoing.count > 4096 { drain() }
    }

    /// A frame whose header is right, but for one in 32.
    func receive(_ kind: FrameKind, payload: [UInt8]?, _ input: inout Input) {
        let lie = payload == nil ? input.byte() : 1
        let flags = FrameFlags(rawValue: payload == nil ? input.byte() & 3 : 0)
        let stream = payload == nil ? UInt32(input.byte() % 6) : 0
        let method = UInt16(stream == 5 ? 3 : stream % 4 + 1)
        let payload = payload ?? input.some(200)
        var bytes: [UInt8] = []
        FrameHeader(
            payloadLength: lie % 32 == 0 ? UInt32(lie) << 20 : UInt32(payload.count), kind: kind,
            flags: flags, method: method, stream: stream,
            checksum: lie % 32 == 16 ? 1 : CRC32C.checksum(payload)
        ).append(to: &bytes)
        take(bytes + payload)
    }

    /// As a connection does it: what is not understood yet comes again with more behind it.
    private func take(_ bytes: [UInt8]) {
        pending += bytes
        let used = unsafe pending.withUnsafeBytes { pending in
            unsafe session.prefetchFirst(in: pending)
            _ = unsafe session.missing(in: pending)
            return unsafe session.process(pending, until: 8192).used
        }
        guard used <= pending.count else { fatalError("more was used than there is") }
        pending.removeFirst(used)
        if session.isOver { pending = [] }
    }

    private func act(
        _ input: inout Input,
        _ body: (UnsafeMutablePointer<articled_request>, UnsafeMutablePointer<articled_bytes>) -> UInt32
    ) {
        guard unsafe !kept.isEmpty else { return }
        let request = unsafe kept[Int(input.byte()) % kept.count]
        let payload = input.some(200)
        unsafe payload.withUnsafeBytes { bytes in
            var part = unsafe articled_bytes(data: bytes.baseAddress, size: bytes.count)
            _ = unsafe body(request, &part)
        }
    }

    private func end(
        _ input: inout Input,
        _ body: (UnsafeMutablePointer<articled_request>, UnsafeMutablePointer<articled_bytes>) -> UInt32
    ) {
        act(&input) { request, part in
            unsafe kept.removeAll { unsafe $0 == request }
            return unsafe body(request, part)
        }
    }

    /// What goes out is whole frames with right checksums.
    private func drain() {
        var pair: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &pair) == 0 else {
            fatalError("no sockets")
        }
        defer { for descriptor in pair { close(descriptor) } }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while !outgoing.isEmpty {
            guard outgoing.write(to: pair[1]) != nil else { fatalError("it cannot be written") }
            while true {
                let count = unsafe read(pair[0], &block, block.count)
                if count <= 0 { break }
                bytes += block[..<count]
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let header = unsafe FrameHeader(decoding: Array(rest.prefix(16)).span.bytes) else {
                fatalError("no header")
            }
            let payload = Array(rest.dropFirst(16).prefix(Int(header.payloadLength)))
            guard payload.count == Int(header.payloadLength), CRC32C.checksum(payload) == header.checksum else {
                fatalError("a frame that is cut off, or damaged")
            }
            rest = rest.dropFirst(16 + payload.count)
        }
    }

    /// The connection goes; the plugin ends what it has.
    func finish() {
        drain()
        session.close(.unavailable)
        for request in unsafe kept {
            _ = unsafe HostTable.shared.pointee.fail(request, 1, articled_bytes(data: nil, size: 0))
        }
        unsafe kept = []
        guard session.inFlight == 0, loop.requests.inUse == 0 else { fatalError("requests are left over") }
    }
}
