/// The memory of a record that waits to be written: it stays where it is, so that one call can write many of them.
@safe
final class RecordMemory: ManagedBuffer<Int, UInt8> {
    /// Memory of so many bytes, in one piece with the object.
    static func of(_ size: Int) -> RecordMemory {
        unsafe unsafeDowncast(RecordMemory.create(minimumCapacity: size) { _ in size }, to: RecordMemory.self)
    }

    var bytes: UnsafeMutableRawBufferPointer {
        unsafe withUnsafeMutablePointerToElements {
            unsafe UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer($0), count: header)
        }
    }
}
