// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// A handler or a storage engine: a dynamic library that articled loads at startup.
func plugin(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .target(
        name: name, dependencies: ["HandlerKit", "ArticleProtocol"] + dependencies,
        path: "Plugins/\(name)", exclude: exclude, swiftSettings: settings)
}

func module(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

/// A C library of the system's, from the Debian package `debian`.
func system(_ name: String, pkgConfig: String? = nil, debian: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([debian])])
}

let package = Package(
    name: "articled",
    products: [
        .library(name: "ArticleClient", targets: ["ArticleClient", "ArticleProtocol"]),
        .library(name: "HandlerKit", targets: ["HandlerKit", "ArticleProtocol"]),
        .library(name: "CPluginABI", targets: ["CPluginABI"]),
        .library(name: "Store", type: .dynamic, targets: ["Store"]),
        .library(name: "Fetch", type: .dynamic, targets: ["Fetch"]),
        .library(name: "Changes", type: .dynamic, targets: ["Changes"]),
        .library(name: "Classify", type: .dynamic, targets: ["Classify"]),
        .library(name: "Search", type: .dynamic, targets: ["Search"]),
        .library(name: "Duplicates", type: .dynamic, targets: ["Duplicates"]),
        .library(name: "LMDBStorage", type: .dynamic, targets: ["LMDBStorage"]),
        .library(name: "PostgreSQLStorage", type: .dynamic, targets: ["PostgreSQLStorage"]),
        .executable(name: "articled", targets: ["articled"]),
        .executable(name: "articlectl", targets: ["articlectl"]),
    ],
    targets: [
        // What crosses the wire, and the boundary to plugins.
        module("ArticleProtocol", path: "Protocol/ArticleProtocol", ["CISAL", "CUTF8"]),
        .target(name: "CUTF8"),
        .target(name: "CPluginABI"),

        // "Did you mean", wherever people type names.
        module("Spelling", []),

        // When two URLs are the same.
        module("ArticleURL", ["CIDN2"]),

        // JSON and JSON5, for the configuration, plugins' sections of it, and articlectl.
        module("JSONTree", []),

        // The versions that compatibility is promised for.
        module("Versions", ["ArticleProtocol", "CPluginABI"]),

        // Threads, clocks and descriptors, for the service, its plugins and the client.
        module("LinuxRuntime", ["CLinux"]),

        // Threads of a plugin for what takes too long for an event loop.
        module("WorkerThreads", ["ArticleProtocol", "LinuxRuntime"]),

        // TLS on sockets, for the service and the client.
        .target(name: "CTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        module("TLSTransport", ["CTLS", "LinuxRuntime"]),

        // The service.
        module(
            "ArticleServer",
            [
                "ArticleProtocol", "ArticleURL", "CPluginABI", "JSONTree", "LinuxRuntime", "Spelling", "TLSTransport",
                "Versions", "CLinux", "CSystemd",
            ]),
        program("articled", ["ArticleServer", "LinuxRuntime", "CLinux"]),

        // Plugins, and what they are written with.
        module("HandlerKit", ["ArticleProtocol", "ArticleURL", "CPluginABI", "JSONTree", "Spelling"]),
        plugin("Store", ["ArticleURL", "CLinux"]),
        plugin("Fetch", []),
        plugin("Changes", ["LinuxRuntime"]),
        plugin("Classify", ["ClassifyHandler"], exclude: ["Handler", "Model"]),
        module(
            "ClassifyHandler", path: "Plugins/Classify/Handler",
            ["HandlerKit", "ArticleProtocol", "TopicModel", "WorkerThreads", "LinuxRuntime", "CLinux"]),
        // An index over the articles, kept up to date by a plugin.
        module("IndexFollowing", ["HandlerKit", "ArticleProtocol", "LinuxRuntime", "CLinux"]),
        plugin("Search", ["SearchHandler"], exclude: ["Handler"]),
        module(
            "SearchHandler", path: "Plugins/Search/Handler",
            [
                "HandlerKit", "ArticleProtocol", "IndexFollowing", "SearchText", "WorkerThreads", "LinuxRuntime",
                "CLucene", "CLinux",
            ]),
        plugin("Duplicates", ["DuplicatesHandler"], exclude: ["Handler", "README.md"]),
        module(
            "DuplicatesHandler", path: "Plugins/Duplicates/Handler",
            [
                "HandlerKit", "ArticleProtocol", "IndexFollowing", "SearchText", "WorkerThreads", "LinuxRuntime",
            ]),
        .target(name: "CLucene", linkerSettings: [.linkedLibrary("lucene++")]),
        plugin("LMDBStorage", ["LinuxRuntime", "CLMDB", "CLinux"], exclude: ["README.md"]),
        plugin("PostgreSQLStorage", ["PostgreSQLEngine"], exclude: ["Engine", "README.md", "HighAvailability.md"]),
        module(
            "PostgreSQLEngine", path: "Plugins/PostgreSQLStorage/Engine",
            ["HandlerKit", "ArticleProtocol", "LinuxRuntime", "CPQ", "CLinux"]),

        // What people use.
        module("ArticleClient", ["ArticleProtocol", "LinuxRuntime", "TLSTransport", "CLinux"]),
        program(
            "articlectl",
            [
                "ArticleClient", "ArticleProtocol", "ArticleText", "ArticleURL", "JSONTree", "LinuxRuntime",
                "Spelling", "TLSTransport",
                "Versions", "CLinux", "CUTF8Proc", "TopicModel", "TopicTraining", "ArticleFormats",
                "VietnameseEncodings",
            ]),

        // Text, its words, and topics.
        module("ArticleFormats", ["JSONTree", "CArchive", "CCSV", "CXML2"]),
        module("ArticleText", ["ArticleProtocol", "TopicModel", "CUTF8Proc"]),
        // The encodings of Vietnamese before Unicode.
        module("VietnameseEncodings", ["TopicModel", "CUTF8Proc"]),
        module("SearchText", ["CUTF8Proc"]),
        module("TopicModel", ["CScoring", "CUTF8Proc", "CISAL", "CLinux"]),
        .target(name: "CScoring"),
        module("TopicTraining", ["TopicModel", "JSONTree", "CLinear"]),

        // Libraries of the system.
        .target(name: "CLinux"),
        system("CSystemd", pkgConfig: "libsystemd", debian: "libsystemd-dev"),
        system("CLMDB", pkgConfig: "lmdb", debian: "liblmdb-dev"),
        system("CPQ", pkgConfig: "libpq", debian: "libpq-dev"),
        system("CArchive", pkgConfig: "libarchive", debian: "libarchive-dev"),
        system("CIDN2", pkgConfig: "libidn2", debian: "libidn2-dev"),
        system("CCSV", debian: "libcsv-dev"),
        system("CXML2", pkgConfig: "libxml-2.0", debian: "libxml2-dev"),
        system("CISAL", pkgConfig: "libisal", debian: "libisal-dev"),
        system("CUTF8Proc", debian: "libutf8proc-dev"),
        system("CLinear", debian: "liblinear-dev"),

        tests("ArticleProtocolTests", ["ArticleProtocol"]),
        tests("ArticleURLTests", ["ArticleURL"]),
        tests("JSONTreeTests", ["JSONTree"]),
        tests("HandlerKitTests", ["HandlerKit", "ArticleProtocol", "ArticleURL", "CPluginABI", "StorageRules"]),
        tests("WorkerThreadsTests", ["WorkerThreads", "ArticleProtocol", "LinuxRuntime"]),
        tests("LinuxRuntimeTests", ["LinuxRuntime"]),
        // A certificate authority of the tests' own.
        module("TestCertificates", path: "Tests/TestCertificates", []),
        tests(
            "ArticleServerTests",
            [
                "ArticleServer", "ArticleProtocol", "CPluginABI", "JSONTree", "LinuxRuntime", "CLinux", "TLSTransport",
                "TestCertificates",
            ]),
        // The rules for every storage engine.
        module("StorageRules", path: "Tests/StorageRules", ["HandlerKit", "ArticleProtocol"]),
        tests("LMDBStorageTests", ["LMDBStorage", "HandlerKit", "CPluginABI", "LinuxRuntime", "StorageRules"]),
        // A PostgreSQL server of the tests' own.
        module("PostgreSQLServer", path: "Tests/PostgreSQLServer", []),
        tests(
            "PostgreSQLStorageTests",
            ["PostgreSQLEngine", "HandlerKit", "CPluginABI", "StorageRules", "PostgreSQLServer"]),
        tests("TopicModelTests", ["TopicModel", "TopicTraining"]),
        tests(
            "ClassifyTests",
            ["ClassifyHandler", "LMDBStorage", "HandlerKit", "ArticleProtocol", "TopicTraining", "LinuxRuntime"]),
        tests("SearchTextTests", ["SearchText"]),
        tests(
            "SearchTests",
            [
                "SearchHandler", "IndexFollowing", "SearchText", "LMDBStorage", "HandlerKit", "ArticleProtocol",
                "LinuxRuntime",
            ]),
        tests(
            "DuplicatesTests",
            ["DuplicatesHandler", "IndexFollowing", "LMDBStorage", "HandlerKit", "ArticleProtocol"]),
        tests("ArticleTextTests", ["ArticleText", "ArticleProtocol"]),
        tests("VietnameseEncodingsTests", ["VietnameseEncodings"]),
        // Measures how well encodings are detected: Tests/Benchmarks/encodings.
        .executableTarget(
            name: "encoding-benchmark", dependencies: ["VietnameseEncodings", "JSONTree"],
            path: "Tests/Benchmarks/EncodingDetection", swiftSettings: settings),
        tests("ArticleClientTests", ["ArticleClient", "ArticleProtocol", "CLinux"]),
        tests(
            "ArticlectlTests",
            [
                "articlectl", "JSONTree", "Spelling", "ArticleClient", "ArticleProtocol", "ArticleText", "LinuxRuntime",
                "TopicTraining", "VietnameseEncodings",
            ]),
        // Keeps the services of Tests/cluster busy, and compares what they have told with what they have stored.
        .executableTarget(
            name: "cluster-load", dependencies: ["ArticleClient", "ArticleProtocol", "LinuxRuntime"],
            path: "Tests/cluster/Load", swiftSettings: settings),
        tests("ArticleFormatsTests", ["ArticleFormats", "JSONTree"]),
        tests(
            "EndToEndTests",
            [
                "ArticleClient", "ArticleProtocol", "CLinux", "PostgreSQLServer", "TestCertificates",
                "VietnameseEncodings",
            ]),
    ],
    cxxLanguageStandard: .cxx17
)
