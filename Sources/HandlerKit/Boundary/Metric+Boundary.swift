// SPDX-License-Identifier: Apache-2.0
internal import CPluginABI

extension Metric {
    /// Calls `body` with the C form, which is lent.
    func withC(_ body: (UnsafePointer<articled_metric>) -> Void) {
        // Names and values of the labels, one after the other.
        let texts = labels.flatMap { [Array($0.name.utf8), Array($0.value.utf8)] }
        let all = texts.flatMap { $0 }
        unsafe all.withUnsafeBytes { all in
            var start = 0
            let parts = unsafe texts.map { text in
                defer { start += text.count }
                return unsafe articled_bytes(UnsafeRawBufferPointer(rebasing: all[start..<start + text.count]))
            }
            unsafe parts.withUnsafeBufferPointer { parts in
                unsafe name.withCString { name in
                    unsafe help.withCString { help in
                        unsafe (unit ?? "").withCString { text in
                            var metric = unsafe articled_metric(
                                size: UInt32(MemoryLayout<articled_metric>.size), kind: kind.rawValue, name: name,
                                help: help, unit: unit == nil ? nil : text, value: value, labels: parts.baseAddress,
                                label_count: labels.count)
                            unsafe body(&metric)
                        }
                    }
                }
            }
        }
    }
}
