// SPDX-License-Identifier: Apache-2.0
// What a person, a file or a plugin may hand over as JSON or JSON5: it is read or refused at a place that is there, and what was read
// is written so that it is read again.
// modules: JSONTree
@testable import JSONTree

/// One input: an odd first byte for JSON5, an even one for JSON; then the text.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data, count > 0 else { return 0 }
    let bytes = unsafe Array(UnsafeBufferPointer(start: data + 1, count: count - 1))
    if unsafe data.pointee % 2 == 1 { json5(bytes) } else { json(bytes) }
    return 0
}

private func check(_ error: JSONError, _ bytes: [UInt8]) {
    guard (0...bytes.count).contains(error.offset), error.place.line > 0, error.place.column > 0 else {
        fatalError("an error at no place: \(error)")
    }
}

private func json(_ bytes: [UInt8]) {
    let value: JSON
    do throws(JSONError) {
        value = try JSONParser.parse(bytes)
    } catch {
        return check(error, bytes)
    }
    var written: [UInt8] = []
    value.write(to: &written)
    guard let again = try? JSONParser.parse(written), again == value else {
        fatalError("it is written as another value")
    }
    // JSON5 is a superset.
    guard let other = try? JSONParser.parse(bytes, as: .json5), other == value else {
        fatalError("JSON5 reads another value")
    }
}

private func json5(_ bytes: [UInt8]) {
    let document: JSONDocument
    do throws(JSONError) {
        document = try JSONDocument(json5: bytes)
    } catch {
        return check(error, bytes)
    }
    _ = document.repetitions
    let places = document.places
    guard (0...bytes.count).contains(places.value(at: JSONPath())) else { fatalError("the value is at no place") }
    _ = document.value.sorted.text
}
