internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// A file in memory that nobody can change any more: memfd_create(2).
enum SealedMemory {
    /// Makes one. The descriptor is the caller's.
    static func make(_ name: String, _ content: [UInt8]) throws(HandoverError) -> Int32 {
        let descriptor = unsafe clinux_memory_file(name)
        guard descriptor >= 0 else { throw failed("memfd_create") }
        do throws(HandoverError) {
            var written = 0
            while written < content.count {
                let count = unsafe content.withUnsafeBytes {
                    unsafe write(descriptor, $0.baseAddress.unsafelyUnwrapped + written, content.count - written)
                }
                guard count > 0 else { throw failed("write") }
                written += count
            }
            guard clinux_seal(descriptor) == 0 else { throw failed("F_ADD_SEALS") }
        } catch {
            Descriptor.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Reads one that another process has made.
    static func read(_ descriptor: Int32, most: Int) throws(HandoverError) -> [UInt8] {
        // Only then can it not change under our eyes.
        guard clinux_is_sealed(descriptor) == 1 else { throw HandoverError("it is no sealed file") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, let size = Int(exactly: status.st_size), size <= most else {
            throw HandoverError("it is larger than \(most) bytes")
        }
        var content = [UInt8](repeating: 0, count: size)
        var have = 0
        while have < size {
            let count = unsafe content.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress.unsafelyUnwrapped + have, size - have, off_t(have))
            }
            guard count > 0 else { throw failed("pread") }
            have += count
        }
        return content
    }

    private static func failed(_ call: StaticString) -> HandoverError {
        HandoverError("\(call): \(SystemError.text(of: errno))")
    }
}
