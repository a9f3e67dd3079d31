/// C strings of both sides of the plugin boundary.
enum CString {
    /// A copy that lives as long as the process, for whoever keeps the pointer.
    static func immortal(_ text: String) -> UnsafePointer<CChar> {
        let bytes = Array(text.utf8CString)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { unsafe (copy + index).initialize(to: byte) }
        return unsafe UnsafePointer(copy)
    }
}
