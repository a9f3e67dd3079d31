internal import CPluginABI

/// Room for a plugin to say why something failed.
enum FailureText {
    /// Bytes of a reason.
    private static let sentence = 1024
    /// Bytes of a list of all that is wrong with something.
    static let list = 16 << 10

    /// Calls `body` with an empty `articled_failure`.
    ///
    /// - Returns: what `body` answered, and the text that it left.
    static func collect(
        capacity: Int = sentence, _ body: (UnsafeMutablePointer<articled_failure>) -> UInt32
    ) -> (UInt32, String) {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { memory in
            var failure = unsafe articled_failure(
                size: UInt32(MemoryLayout<articled_failure>.size), code: 0, message: memory.baseAddress,
                capacity: capacity, message_size: 0)
            let code = unsafe body(&failure)
            let size = unsafe max(0, min(failure.message_size, capacity))  // the plugin's word, which may be anything
            let text = unsafe UnsafeRawBufferPointer(start: memory.baseAddress, count: size)
            return (code, unsafe String(decoding: text, as: UTF8.self))
        }
    }
}
