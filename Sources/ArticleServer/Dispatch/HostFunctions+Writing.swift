internal import ArticleProtocol
internal import CPluginABI
internal import Glibc

extension HostFunctions {
    /// Puts a frame into the outgoing buffer: the one copy of a response. The answer to a request that came by itself is
    /// not even copied, but written from where it lies.
    @inline(__always)
    static func write(
        _ session: Session, _ flags: FrameFlags, kind: FrameKind = .message, stream: UInt32,
        _ parts: UnsafePointer<articled_bytes>? = nil, _ count: Int = 0, _ size: Int = 0,
        _ checksum: UnsafePointer<UInt32>? = nil
    ) {
        func header(_ sum: UInt32) -> FrameHeader {
            FrameHeader(
                payloadLength: UInt32(size), kind: kind, flags: kind == .end ? [] : flags, method: 0, stream: stream,
                checksum: sum)
        }
        if session.isAtLastFrame, size >= leastAtOnce, let checksum = unsafe checksum, let parts = unsafe parts {
            return unsafe writeAtOnce(session, header(checksum.pointee), parts, count, size)
        }
        let memory = unsafe session.outgoing.extend(by: FrameHeader.size + size)
        var target = unsafe memory + FrameHeader.size
        for index in 0..<count {
            let part = unsafe parts.unsafelyUnwrapped[index]
            guard let data = unsafe part.data, unsafe part.size > 0 else { continue }
            unsafe target.copyMemory(from: data, byteCount: part.size)
            unsafe target += part.size
        }
        let sum =
            unsafe checksum?.pointee
            ?? CRC32C.checksum(UnsafeRawBufferPointer(start: memory + FrameHeader.size, count: size))
        unsafe header(sum).encode(to: memory)
        unsafe session.connection?.wroteToBuffer()
    }

    /// A copy of fewer bytes costs less than telling the kernel of several pieces.
    private static let leastAtOnce = 1024
    private static let mostPieces = 8

    /// Writes a frame from where its parts lie. What the socket does not take goes into the outgoing buffer.
    private static func writeAtOnce(
        _ session: Session, _ header: FrameHeader, _ parts: UnsafePointer<articled_bytes>, _ count: Int, _ size: Int
    ) {
        unsafe withUnsafeTemporaryAllocation(byteCount: FrameHeader.size, alignment: 8) { head in
            unsafe header.encode(to: head.baseAddress.unsafelyUnwrapped)
            unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: mostPieces) { pieces in
                unsafe pieces.initializeElement(at: 0, to: iovec(iov_base: head.baseAddress, iov_len: head.count))
                var used = 1
                var sent = 0
                for index in 0..<min(count, mostPieces - 1) {
                    let part = unsafe parts[index]
                    guard let data = unsafe part.data, unsafe part.size > 0 else { continue }
                    unsafe pieces.initializeElement(
                        at: used, to: iovec(iov_base: UnsafeMutableRawPointer(mutating: data), iov_len: part.size))
                    used += 1
                }
                if count < mostPieces, let connection = unsafe session.connection {
                    sent = unsafe connection.writeAtOnce(UnsafeMutableBufferPointer(rebasing: pieces[..<used]))
                }
                if sent == FrameHeader.size + size { return }
                unsafe keepRest(session, UnsafeRawBufferPointer(head), parts, count, behind: sent)
            }
        }
    }

    /// Puts what comes behind the first `sent` bytes of a frame into the outgoing buffer.
    private static func keepRest(
        _ session: Session, _ head: UnsafeRawBufferPointer, _ parts: UnsafePointer<articled_bytes>, _ count: Int,
        behind sent: Int
    ) {
        var skip = sent
        func keep(_ bytes: UnsafeRawBufferPointer) {
            unsafe session.outgoing.append(UnsafeRawBufferPointer(rebasing: bytes[min(skip, bytes.count)...]))
            skip = max(0, skip - bytes.count)
        }
        unsafe keep(head)
        for index in 0..<count {
            let part = unsafe parts[index]
            unsafe keep(UnsafeRawBufferPointer(start: part.data, count: part.data == nil ? 0 : part.size))
        }
        unsafe session.connection?.wroteToBuffer()
    }
}
