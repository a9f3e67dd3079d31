/// The language runtime that this module was compiled for, as the plugin boundary and `service.describe` name it.
///
/// Swift has no stable binary interface on Linux: a program and its plugins share one runtime, so they have to come from
/// compilers of the same version. Each side compiles this file itself, and the host compares. The compiler tells its
/// version to conditions alone, hence the list; one that is newer than the list counts as its last entry, so two such
/// compilers are not told apart.
public enum SwiftRuntime {
    /// "swift-6.3.1".
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
