// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxRuntime

/// Connections on their way from one process to the next. They lie in the queue of a Unix socket, behind the sealed
/// file with their state; the parcel is one end of that socket.
///
/// So the service manager stores one descriptor for any number of connections. It would compare each of thousands with
/// all others, and name it in the environment of the next process. A descriptor that is received leaves the queue, so
/// two processes can never have the same connection.
enum HandoverParcel {
    private static let label = Array("articled handover".utf8)

    /// Packs the sockets, which also stay open here.
    ///
    /// - Returns: the descriptor to store. The caller owns it.
    static func pack(_ state: HandoverState, _ sockets: [Int32]) throws(HandoverError) -> Int32 {
        let file = try SealedMemory.make("articled-handover", state.file())
        defer { Descriptor.close(file) }
        var ends: [Int32] = [-1, -1]
        guard unsafe clinux_packet_pair(&ends) == 0 else {
            throw HandoverError("socketpair: \(SystemError.text(of: errno))")
        }
        defer { Descriptor.close(ends[0]) }
        do throws(HandoverError) {
            try send([file], to: ends[0])
            var rest = sockets[...]
            while !rest.isEmpty {
                try send(Array(rest.prefix(Int(CLINUX_MOST_DESCRIPTORS))), to: ends[0])
                rest = rest.dropFirst(Int(CLINUX_MOST_DESCRIPTORS))
            }
        } catch {
            Descriptor.close(ends[1])
            throw error
        }
        return ends[1]
    }

    /// Unpacks a parcel. The caller owns the sockets, and closes them if the state cannot be used.
    static func unpack(_ descriptor: Int32) -> (state: Result<HandoverState, HandoverError>, sockets: [Int32]) {
        var received: [Int32] = []
        while received.count <= HandoverState.maxConnections, let more = receive(from: descriptor) { received += more }
        guard let file = received.first else { return (.failure(HandoverError("the parcel is empty")), []) }
        defer { Descriptor.close(file) }
        let sockets = Array(received.dropFirst())
        do throws(HandoverError) {
            let state = try HandoverState(file: SealedMemory.read(file, maxSize: HandoverState.maxFileSize))
            guard state.connections.count == sockets.count else {
                throw HandoverError(
                    "it describes \(state.connections.count) connections, but the number of sockets is \(sockets.count)"
                )
            }
            return (.success(state), sockets)
        } catch {
            return (.failure(error), sockets)
        }
    }

    private static func send(_ descriptors: [Int32], to socket: Int32) throws(HandoverError) {
        let sent = unsafe label.withUnsafeBytes {
            unsafe clinux_send_descriptors(socket, $0.baseAddress, $0.count, descriptors, Int32(descriptors.count))
        }
        guard sent == label.count else { throw HandoverError("sendmsg: \(SystemError.text(of: errno))") }
    }

    /// The descriptors of the next message; nil if there is none, or if it is not ours.
    private static func receive(from socket: Int32) -> [Int32]? {
        var bytes = [UInt8](repeating: 0, count: label.count)
        var descriptors = [Int32](repeating: -1, count: Int(CLINUX_MOST_DESCRIPTORS))
        var count: Int32 = 0
        let size = unsafe clinux_receive_descriptors(socket, &bytes, bytes.count, &descriptors, &count)
        let received = Array(descriptors.prefix(Int(count)))
        guard size == label.count, bytes == label, !received.isEmpty else {
            for descriptor in received { Descriptor.close(descriptor) }
            return nil
        }
        return received
    }
}

/// A file in memory that can no longer be changed: memfd_create(2).
enum SealedMemory {
    /// Creates one. The caller owns the descriptor.
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

    /// Reads one that another process has created.
    static func read(_ descriptor: Int32, maxSize: Int) throws(HandoverError) -> [UInt8] {
        // Otherwise it could change while we read it.
        guard clinux_is_sealed(descriptor) == 1 else { throw HandoverError("it is not a sealed file") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, let size = Int(exactly: status.st_size), size <= maxSize else {
            throw HandoverError("it is larger than \(maxSize) bytes")
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

/// Why connections could not be handed over, or taken over.
struct HandoverError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
