// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI
internal import Synchronization

/// A call of a plugin's method by another plugin: the caller's side of it.
///
/// The other side is an ordinary request, whose slot refers to this object. Confined to its loop's thread once it has
/// begun.
@safe final class PluginCall: @unchecked Sendable {
    /// Unique in the process. The high bits are the loop's index plus one.
    let number: UInt64
    let caller: PluginSelf
    private let reply: UnsafePointer<articled_reply>
    private let context: UnsafeMutableRawPointer?
    /// The request that it was made for, with its number: slots are reused.
    let parent: (slot: RequestPointer, id: UInt64)?
    /// The method of that request.
    let parentRoute: Int?

    /// The request that answers it, until the plugin has ended that.
    var slot: RequestPointer?
    /// The caller was told the end.
    private(set) var isOver = false
    /// It ended while the plugin's `handle` ran.
    var isLate: StatusCode?

    /// - Returns: nil if the plugin gives no functions to tell it the end with.
    init?(
        _ number: UInt64, _ caller: PluginSelf, _ reply: UnsafePointer<articled_reply>?,
        _ context: UnsafeMutableRawPointer?, parent: RequestPointer? = nil
    ) {
        guard let reply = unsafe reply, unsafe Self.has(reply, \.ended), unsafe reply.pointee.ended != nil else {
            Log.error(
                "\(caller.name) made a call without a function to tell it the end; the call was ignored",
                ["PLUGIN": caller.name])
            return nil
        }
        self.number = number
        self.caller = caller
        unsafe self.reply = reply
        unsafe self.context = context
        unsafe self.parent = parent.map { unsafe ($0, $0.pointee.view.id) }
        parentRoute = unsafe parent?.pointee.route
        if unsafe parent == nil { caller.openCalls.add(1, ordering: .relaxed) }
    }

    /// Delivers a message of the response.
    func deliver(_ message: UnsafeRawBufferPointer, on loop: EventLoop) {
        guard !isOver, let function = unsafe reply.pointee.message else { return }
        occupied(loop) {
            unsafe function(context, number, articled_bytes(data: message.baseAddress, size: message.count))
        }
    }

    /// Tells the caller the end, unless it was told.
    ///
    /// - Parameter loop: nil if the call never got to one; then this is the thread that made it.
    func end(_ code: StatusCode, _ text: String = "", on loop: EventLoop?) {
        guard !isOver, let function = unsafe reply.pointee.ended else { return }
        isOver = true
        if unsafe parent == nil { caller.openCalls.subtract(1, ordering: .relaxed) }
        var text = text
        text.withUTF8 { text in
            let bytes = unsafe articled_bytes(data: UnsafeRawPointer(text.baseAddress), size: text.count)
            guard let loop else { return unsafe function(context, code.rawValue, bytes) }
            occupied(loop) { unsafe function(context, code.rawValue, bytes) }
        }
    }

    /// Runs code of the caller, and records whose code it is.
    private func occupied(_ loop: EventLoop, _ body: () -> Void) {
        let now = max(loop.now, loop.lastAnswer)
        let before =
            if let parentRoute {
                loop.activity.enter(method: parentRoute, at: now)
            } else {
                loop.activity.enter(
                    job: unsafe UInt(bitPattern: unsafeBitCast(reply.pointee.ended, to: UnsafeRawPointer?.self)),
                    at: now)
            }
        body()
        loop.activity.leave(before)
    }

    private static func has<Value>(
        _ reply: UnsafePointer<articled_reply>, _ member: KeyPath<articled_reply, Value>
    ) -> Bool {
        guard let offset = MemoryLayout<articled_reply>.offset(of: member) else { return false }
        return unsafe Int(reply.pointee.size) >= offset + MemoryLayout<Value>.size
    }
}

extension PluginCall {
    /// The methods of the requests that led to this one, outermost first, by their index.
    static func path(to slot: RequestPointer) -> [Int] {
        var path = unsafe [slot.pointee.route]
        var current = unsafe slot
        while let parent = unsafe current.pointee.call?.takeUnretainedValue().parent,
            unsafe parent.slot.pointee.view.id == parent.id, path.count <= Int(ARTICLED_CALL_DEPTH)
        {
            unsafe path.append(parent.slot.pointee.route)
            unsafe current = parent.slot
        }
        return path.reversed()
    }

    /// How many calls are between this request and the one that came from outside.
    static func depth(of slot: RequestPointer) -> Int {
        var depth = 0
        var current = unsafe slot
        while let call = unsafe current.pointee.call?.takeUnretainedValue(), depth <= Int(ARTICLED_CALL_DEPTH) {
            depth += 1
            guard let parent = unsafe call.parent, unsafe parent.slot.pointee.view.id == parent.id else { break }
            unsafe current = parent.slot
        }
        return depth
    }

    /// "a.b -> c.d -> a.b": the circle that a call of `method` closes, or all that led to it.
    static func circle(_ slot: RequestPointer, _ method: String, _ router: Router) -> String {
        let names = unsafe path(to: slot).map { router.descriptions[$0].name }
        let start = names.lastIndex(of: method) ?? names.startIndex
        return (names[start...] + [method]).joined(separator: " -> ")
    }
}
