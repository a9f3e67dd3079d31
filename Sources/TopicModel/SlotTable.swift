/// The model's slots as pointers into the mapped file. It must not outlive the model that it was made of.
@safe struct SlotTable {
    private let base: UnsafePointer<UInt8>
    private let size: Int
    private let slots: UInt64

    @inline(__always)
    init(_ model: TopicModel) {
        // The header was checked: all slots lie within the file.
        unsafe base = model.file.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + Int(model.header.slotsOffset)
        size = model.header.slotSize
        slots = model.header.slots
    }

    /// The slot of a feature; nil if the model does not know it.
    @inline(__always)
    func find(_ hash: UInt64) -> UInt32? {
        let fingerprint = SlotTable.fingerprint(hash)
        var slot = hash.multipliedFullWidth(by: slots).high
        for _ in 0..<ModelHeader.mostProbes {
            // `slot` < `slots`.
            let address = unsafe UnsafeRawPointer(base + Int(slot) &* size)
            let found = unsafe UInt32(littleEndian: address.load(as: UInt32.self))
            if found == fingerprint { return UInt32(truncatingIfNeeded: slot) }
            if found == 0 { return nil }
            slot = slot + 1 == slots ? 0 : slot + 1
        }
        return nil
    }

    /// The bytes of a slot that `find` gave.
    @inline(__always)
    func row(_ slot: UInt32) -> UnsafePointer<UInt8> { unsafe base + Int(slot) &* size }

    @inline(__always)
    static func fingerprint(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash) | 1 }
}
