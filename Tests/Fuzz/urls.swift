// SPDX-License-Identifier: Apache-2.0
// Any bytes as a URL: its normal form is its own normal form, and what is recognized as normal without a copy is so.
// modules: ArticleURL
@testable import ArticleURL

private let rules = [URLRules.standard, try? URLRules(strippedParameters: "utm_*,fbclid,a")].compactMap { $0 }

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let data = unsafe data else { return 0 }
    let url = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    for rules in rules {
        let normal = rules.normalized(url)
        if rules.normalized(normal) != normal { fatalError("the normal form has another normal form") }
        if unsafe rules.isPlain(url.span.bytes), normal != url { fatalError("it is no normal form") }
        guard normal.count <= 3 * url.count + 2 else { fatalError("it has grown") }
        guard let text = String(validating: url, as: UTF8.self) else { continue }
        let stripped = rules.strippingQuery(text)
        if rules.strippingQuery(stripped) != stripped { fatalError("more can be stripped") }
        if rules.normalized(stripped).count > normal.count { fatalError("it has grown by less text") }
    }
    return 0
}
