internal import ArticleProtocol
internal import CPluginABI

/// A closure that waits for what becomes of a change, as the context of a C callback.
final class WriteCompletion: Sendable {
    private let completion: @Sendable (WriteResult) -> Void

    init(_ completion: @escaping @Sendable (WriteResult) -> Void) { self.completion = completion }

    /// Kept alive until `call`, which the engine promises to make exactly once.
    func retained() -> UnsafeMutableRawPointer { unsafe Unmanaged.passRetained(self).toOpaque() }

    static let call: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<articled_written>?, Int) -> Void = {
        context, results, count in
        guard let context = unsafe context else { return }
        let waiting = unsafe Unmanaged<WriteCompletion>.fromOpaque(context).takeRetainedValue()
        guard let result = unsafe results, count == 1 else {
            let error = ServiceError(.internal, "the storage told \(count) results for one change")
            return waiting.completion(WriteResult(.refused(error), id: .zero))
        }
        waiting.completion(unsafe WriteResult(result.pointee))
    }
}
