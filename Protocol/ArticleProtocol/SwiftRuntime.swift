// SPDX-License-Identifier: Apache-2.0
/// The Swift runtime that this module was compiled for, as named in the plugin ABI and in `service.describe`.
///
/// Swift has no stable ABI on Linux. A program and its plugins share one runtime, so the same compiler version must
/// build both. Each side compiles this file, and the host compares the names. The compiler exposes its version only to
/// `#if` conditions, hence the list. Compilers newer than the list all get its last entry and cannot be distinguished.
public enum SwiftRuntime {
    /// The name of the runtime: "swift-6.3.1".
    public static var name: String {
        #if compiler(>=6.5)
            "swift-6.5"
        #elseif compiler(>=6.4.3)
            "swift-6.4.3"
        #elseif compiler(>=6.4.2)
            "swift-6.4.2"
        #elseif compiler(>=6.4.1)
            "swift-6.4.1"
        #elseif compiler(>=6.4)
            "swift-6.4"
        #elseif compiler(>=6.3.4)
            "swift-6.3.4"
        #elseif compiler(>=6.3.3)
            "swift-6.3.3"
        #elseif compiler(>=6.3.2)
            "swift-6.3.2"
        #elseif compiler(>=6.3.1)
            "swift-6.3.1"
        #elseif compiler(>=6.3)
            "swift-6.3"
        #else
            "swift-6.2"
        #endif
    }
}
