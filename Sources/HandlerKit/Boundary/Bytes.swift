internal import CPluginABI

extension articled_bytes {
    /// Bytes that live as long as `buffer`'s.
    init(_ buffer: UnsafeRawBufferPointer) {
        unsafe self.init(data: buffer.baseAddress, size: buffer.count)
    }

    /// The bytes as Swift lends them. No pointer means no bytes, whatever the size says.
    var buffer: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : size)
    }
}

extension [UInt8] {
    /// Its elements as raw memory: bytes have no padding, so every one of them is initialised.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get { unsafe span.bytes }
    }

    /// A copy of lent bytes.
    init(_ bytes: articled_bytes) { unsafe self.init(bytes.buffer) }

    /// A copy of lent bytes, the parts behind each other.
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
    /// Lent text; what is not UTF-8 in it is replaced.
    init(_ bytes: articled_bytes) { unsafe self.init(decoding: bytes.buffer, as: UTF8.self) }
}

extension RawSpan {
    /// One byte. Traps beyond the end, as a subscript does.
    package func byte(_ offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
