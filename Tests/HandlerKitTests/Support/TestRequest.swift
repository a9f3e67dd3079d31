// SPDX-License-Identifier: Apache-2.0
import ArticleProtocol
import CPluginABI
import Synchronization

/// A request of the manual host, which records what the plugin does with it.
///
/// Sendable although it holds pointers: it is accessed on the loop's thread only.
@safe
final class TestRequest: @unchecked Sendable {
    enum End: Equatable {
        case response([UInt8], checksum: UInt32?)
        case finished
        case failed(UInt32, String)
    }

    let loop: ManualLoop
    let pointer = UnsafeMutablePointer<articled_request>.allocate(capacity: 1)
    private let payload: UnsafeMutableRawBufferPointer

    /// How it was ended. Exactly one entry is right.
    var ends: [End] = []
    /// The messages of a streamed response.
    var sent: [[UInt8]] = []
    /// Credit left for the plugin.
    var credit = Int.max
    /// Credit returned to the client.
    var consumed = 0
    /// The largest message that the client accepts.
    var maxBytes = Int.max
    /// Calls that a plugin must not make.
    var violations: [String] = []
    var isWatched = false
    private var isBlocked = false
    private var isCancelled = false
    private var events: UnsafePointer<articled_events>?
    private var context: UnsafeMutableRawPointer?

    init(
        _ loop: ManualLoop, _ bytes: [UInt8] = [], streamed: Bool = false, deadline: UInt64 = .max,
        credit: Int = .max
    ) {
        self.loop = loop
        self.credit = credit
        unsafe payload = .allocate(byteCount: bytes.count, alignment: 1)
        unsafe payload.copyBytes(from: bytes)
        unsafe pointer.initialize(
            to: articled_request(
                size: UInt32(MemoryLayout<articled_request>.size), flags: streamed ? UInt32(ARTICLED_REQUEST_MORE) : 0,
                payload: articled_bytes(data: payload.baseAddress, size: bytes.count), deadline: deadline, id: 77,
                loop: OpaquePointer(Unmanaged.passUnretained(loop).toOpaque()), roles: 7, peer_uid: 1000, peer_gid: 100,
                peer_pid: UInt32.max))
        let address = unsafe UInt(bitPattern: pointer)
        Self.all.withLock { $0[address] = self }
    }

    /// Frees the request: no call for it may come any more.
    func close() {
        let address = unsafe UInt(bitPattern: pointer)
        Self.all.withLock { $0[address] = nil }
        unsafe payload.deallocate()
        unsafe pointer.deallocate()
    }

    private static let all = Mutex<[UInt: TestRequest]>([:])

    static func of(_ pointer: UnsafeMutablePointer<articled_request>?) -> TestRequest? {
        let address = UInt(bitPattern: pointer)
        return all.withLock { $0[address] }
    }

    /// The payload is only lent for the call, so it is overwritten afterwards.
    func scramblePayload() {
        for index in unsafe payload.indices { unsafe payload[index] = 0xff }
    }

    // MARK: What the plugin does

    func check(_ function: String) {
        if !loop.isCurrent { violations.append("\(function): away from the loop") }
        if !ends.isEmpty { violations.append("\(function): after the end") }
    }

    func end(_ end: End) -> UInt32 {
        check("end")
        ends.append(end)
        if case .response(let bytes, _) = end, bytes.count > maxBytes { return UInt32(ARTICLED_TOO_LARGE) }
        return UInt32(isCancelled ? ARTICLED_GONE : ARTICLED_SENT)
    }

    func send(_ bytes: [UInt8]) -> UInt32 {
        check("send")
        if isCancelled { return UInt32(ARTICLED_GONE) }
        if bytes.count > maxBytes { return UInt32(ARTICLED_TOO_LARGE) }
        guard credit > 0 else {
            isBlocked = true
            return UInt32(ARTICLED_BLOCKED)
        }
        credit -= bytes.count + Int(ARTICLED_MESSAGE_OVERHEAD)
        sent.append(bytes)
        return UInt32(ARTICLED_SENT)
    }

    func watch(_ events: UnsafePointer<articled_events>?, _ context: UnsafeMutableRawPointer?) {
        check("watch")
        if isWatched { violations.append("watch: twice") }
        isWatched = true
        unsafe self.events = events
        unsafe self.context = context
    }

    // MARK: What the client does

    /// Delivers a message of a streamed request.
    func message(_ bytes: [UInt8]) {
        guard ends.isEmpty, let message = unsafe events?.pointee.message else { return }
        unsafe bytes.withUnsafeBytes {
            let bytes = unsafe articled_bytes(data: $0.baseAddress, size: $0.count)
            loop.enter { unsafe message(context, pointer, bytes) }
        }
    }

    /// Signals the end of the messages.
    func endMessages() {
        guard ends.isEmpty, let ended = unsafe events?.pointee.ended else { return }
        loop.enter { unsafe ended(context, pointer) }
    }

    /// Grants credit.
    func grant(_ bytes: Int) {
        credit += bytes
        guard ends.isEmpty, isBlocked, credit > 0, let writable = unsafe events?.pointee.writable else { return }
        isBlocked = false
        loop.enter { unsafe writable(context, pointer) }
    }

    /// Cancels the request, or lets its deadline pass, or the connection break.
    func cancel(_ code: Int = ARTICLED_CANCELLED) {
        isCancelled = true
        guard ends.isEmpty, let cancelled = unsafe events?.pointee.cancelled else { return }
        loop.enter { unsafe cancelled(context, pointer, UInt32(code)) }
    }
}
