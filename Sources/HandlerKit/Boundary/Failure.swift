internal import ArticleProtocol
internal import CPluginABI

extension articled_failure {
    /// Runs `body`, and answers its status code; the error's text goes to `failure`, if there is one.
    static func answer(_ failure: UnsafeMutablePointer<articled_failure>?, _ body: () throws -> Void) -> UInt32 {
        do {
            try body()
            return UInt32(ARTICLED_OK)
        } catch {
            let error = error as? ServiceError ?? ServiceError(.internal, "\(error)")
            let code = error.code == .ok ? StatusCode.internal.rawValue : error.code.rawValue
            unsafe failure?.pointee.set(code, error.message)
            return code
        }
    }

    /// Writes code and text, cut at a character's border.
    mutating func set(_ code: UInt32, _ text: String) {
        unsafe self.code = code
        var text = text
        unsafe message_size = text.withUTF8 { text in
            guard let message = unsafe message else { return 0 }
            var size = unsafe min(text.count, capacity)
            // A byte 10xxxxxx continues a character.
            while size > 0, size < text.count, unsafe text[size] & 0xc0 == 0x80 { size -= 1 }
            for index in 0..<size { unsafe message[index] = CChar(bitPattern: text[index]) }
            return size
        }
    }

    /// Calls a function of the other side that answers a status code, and throws what it says. `notFound` is `false`.
    static func check(_ call: (UnsafeMutablePointer<articled_failure>) -> UInt32) throws(ServiceError) -> Bool {
        let error: ServiceError? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
            var failure = unsafe articled_failure(
                size: UInt32(MemoryLayout<articled_failure>.size), code: 0, message: text.baseAddress,
                capacity: text.count, message_size: 0)
            let code = unsafe call(&failure)
            if code == UInt32(ARTICLED_OK) { return nil }
            // The other side's word, which may be anything.
            let size = unsafe max(0, min(failure.message_size, text.count))
            let message = unsafe String(
                decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<size]), as: UTF8.self)
            return ServiceError(StatusCode(rawValue: code) ?? .internal, message)
        }
        guard let error else { return true }
        if error.code == .notFound { return false }
        throw error
    }
}
