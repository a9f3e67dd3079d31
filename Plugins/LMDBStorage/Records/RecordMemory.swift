internal import Glibc

/// The memory of a record that waits to be written: it stays where it is, so that one call can write many of them.
///
/// Sendable although it is a pointer: whoever has the change that it belongs to writes to it, one after the other.
@safe
final class RecordMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ size: Int) { unsafe bytes = .allocate(byteCount: size, alignment: 8) }

    deinit { unsafe bytes.deallocate() }
}
