// SPDX-License-Identifier: Apache-2.0
internal import ArticleProtocol
internal import CPluginABI

extension articled_bytes {
    /// Bytes that are valid as long as `buffer`.
    init(_ buffer: UnsafeRawBufferPointer) {
        unsafe self.init(data: buffer.baseAddress, size: buffer.count)
    }

    /// The bytes as Swift lends them. A null pointer means no bytes, whatever the size.
    var buffer: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : size)
    }
}

extension [UInt8] {
    /// The elements as raw memory. `UInt8` has no padding, so every byte is initialized.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get { unsafe span.bytes }
    }

    /// Copies lent bytes.
    init(_ bytes: articled_bytes) { unsafe self.init(bytes.buffer) }

    /// Copies lent bytes, one part after the other.
    package init(
        joining first: RawSpan, _ second: RawSpan = RawSpan(), _ third: RawSpan = RawSpan(),
        _ fourth: RawSpan = RawSpan()
    ) {
        self.init()
        reserveCapacity(first.byteCount + second.byteCount + third.byteCount + fourth.byteCount)
        unsafe first.withUnsafeBytes { unsafe append(contentsOf: $0) }
        unsafe second.withUnsafeBytes { unsafe append(contentsOf: $0) }
        unsafe third.withUnsafeBytes { unsafe append(contentsOf: $0) }
        unsafe fourth.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}

extension String {
    /// Copies lent text. Invalid UTF-8 is replaced.
    init(_ bytes: articled_bytes) { unsafe self.init(decoding: bytes.buffer, as: UTF8.self) }
}

extension RawSpan {
    /// One byte. Traps if the offset is out of bounds.
    package func byte(_ offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}

extension ArticleID {
    /// Reads the 16 bytes at `pointer`.
    init(at pointer: UnsafeRawPointer) {
        unsafe self.init(
            high: UInt64(bigEndian: pointer.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// Lends the 16 bytes.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { bytes in
            unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            return unsafe body(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
    }
}

/// The parts of a message, which the host joins.
enum Parts {
    /// Calls `body` with the C form of the parts that are not empty, on the stack.
    static func with<Result>(
        _ first: RawSpan, _ second: RawSpan, _ third: RawSpan, _ fourth: RawSpan, _ checksum: UInt32?,
        _ body: (UnsafePointer<articled_bytes>, Int, UnsafePointer<UInt32>?) -> Result
    ) -> Result {
        unsafe first.withUnsafeBytes { first in
            unsafe second.withUnsafeBytes { second in
                unsafe third.withUnsafeBytes { third in
                    unsafe fourth.withUnsafeBytes { fourth in
                        unsafe withUnsafeTemporaryAllocation(of: articled_bytes.self, capacity: 4) { parts in
                            var count = 0
                            unsafe append(first, to: parts, &count)
                            unsafe append(second, to: parts, &count)
                            unsafe append(third, to: parts, &count)
                            unsafe append(fourth, to: parts, &count)
                            let base = unsafe UnsafePointer(parts.baseAddress!)
                            guard var checksum else { return unsafe body(base, count, nil) }
                            return unsafe body(base, count, &checksum)
                        }
                    }
                }
            }
        }
    }

    private static func append(
        _ part: UnsafeRawBufferPointer, to parts: UnsafeMutableBufferPointer<articled_bytes>, _ count: inout Int
    ) {
        guard unsafe !part.isEmpty else { return }
        unsafe parts.initializeElement(at: count, to: articled_bytes(part))
        count += 1
    }
}

/// The sizes without which structures of the other side mean nothing. Later members are 0 if their author did not know
/// them, so these never grow.
enum LeastSize {
    static let write = unsafe offset(\articled_write.terms)
    static let written = unsafe offset(\articled_written.message)
    static let query = unsafe MemoryLayout<articled_query>.size
    static let changes = MemoryLayout<articled_changes>.size
    static let read = unsafe offset(\articled_read.query)
    static let readResult = unsafe offset(\articled_read_result.more)

    private static func offset<Structure, Member>(_ member: KeyPath<Structure, Member>) -> Int {
        MemoryLayout<Structure>.offset(of: member) ?? MemoryLayout<Structure>.size
    }
}

/// Structures of the other side, which may know fewer members than this one, or more.
enum AuthoredStructure {
    /// Copies a structure that begins with its size. Members that its author did not know are 0.
    ///
    /// - Parameter least: the size that every author knows.
    static func copy<Structure: BitwiseCopyable>(
        _ pointer: UnsafePointer<Structure>, _ what: StaticString, least: Int
    ) throws(ServiceError) -> Structure {
        // Every such structure has its size first.
        let size = unsafe Int(UnsafeRawPointer(pointer).load(as: UInt32.self))
        guard size >= least else {
            throw ServiceError(.internal, "\(what) has \(size) bytes, too few: its author's header is another one")
        }
        return unsafe withUnsafeTemporaryAllocation(of: Structure.self, capacity: 1) { memory in
            let bytes = UnsafeMutableRawBufferPointer(memory)
            _ = unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe bytes.copyMemory(
                from: UnsafeRawBufferPointer(start: pointer, count: min(size, MemoryLayout<Structure>.size)))
            return unsafe memory[0]
        }
    }
}

extension articled_failure {
    /// Runs `body` and returns its status code. The text of an error is written to `failure`, if there is one.
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

    /// Writes code and text. The text is cut at a character boundary.
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

    /// Calls a function of the other side that returns a status code, and throws its error.
    static func check(_ call: (UnsafeMutablePointer<articled_failure>) -> UInt32) throws(ServiceError) -> Lent {
        var mustWait = false
        let error: ServiceError? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
            var failure = unsafe articled_failure(
                size: UInt32(MemoryLayout<articled_failure>.size), code: 0, message: text.baseAddress,
                capacity: text.count, message_size: 0)
            let code = unsafe call(&failure)
            if code == UInt32(ARTICLED_OK) { return nil }
            if code == UInt32(ARTICLED_MUST_WAIT) {
                mustWait = true
                return nil
            }
            // The size comes from the other side, and may be anything.
            let size = unsafe max(0, min(failure.message_size, text.count))
            let message = unsafe String(
                decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<size]), as: UTF8.self)
            return ServiceError(StatusCode(rawValue: code) ?? .internal, message)
        }
        guard let error else { return mustWait ? .mustWait : .found }
        if error.code == .notFound { return .missing }
        throw error
    }
}
