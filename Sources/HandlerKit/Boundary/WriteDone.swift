internal import CPluginABI

/// Whom a C call has told of what became of its changes.
///
/// Sendable although it holds a pointer: the caller of the C function says that `done` may come from any thread, and
/// nothing but `done` is done with its context.
@safe
struct WriteDone: @unchecked Sendable {
    typealias Function = @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_written>?, Int) -> Void

    private let done: Function
    private let context: UnsafeMutableRawPointer?

    init(_ done: @escaping Function, _ context: UnsafeMutableRawPointer?) {
        unsafe self.done = done
        unsafe self.context = context
    }

    /// Tells of the only change. Once.
    func callAsFunction(_ result: WriteResult) { unsafe result.withC { unsafe done(context, $0, 1) } }

    /// Tells of all changes, in their order. Once.
    func callAsFunction(_ results: [WriteResult]) { unsafe WriteResult.withC(results) { unsafe done(context, $0, $1) } }
}
