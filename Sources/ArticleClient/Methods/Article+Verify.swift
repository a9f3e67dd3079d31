import ArticleProtocol

extension Article {
    /// Compares the writer's part of the encoded article with the checksum that was stored with it. A view of an
    /// article has none.
    func verify(_ encoded: RawSpan, _ method: String) throws(ClientError) {
        guard let contentChecksum else { return }
        guard let size = Int(exactly: contentSize), size <= encoded.byteCount,
            CRC32C.checksum(encoded.extracting(0..<size)) == contentChecksum
        else {
            throw .dataLoss(
                "\(method): article \(id.map { "\($0)" } ?? "") is damaged: its content does not match the checksum that "
                    + "was stored with it. Restore it from a copy, or store it again")
        }
    }

    /// The same for an article that is a field of the encoded `message`.
    func verify(inMessage message: [UInt8], field: UInt32, _ method: String) throws(ClientError) {
        var reader = unsafe WireReader(message.span.bytes)
        do throws(ServiceError) {
            while try reader.next() {
                guard reader.field == field else {
                    try reader.skip()
                    continue
                }
                let encoded = try reader.span()
                do throws(ClientError) { try verify(encoded, method) } catch {
                    throw ServiceError(.dataLoss, error.message)
                }
            }
        } catch {
            throw error.code == .dataLoss ? .dataLoss(error.message) : .violation("\(method): \(error.message)")
        }
    }
}
