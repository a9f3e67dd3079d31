// swift-tools-version: 6.2
import PackageDescription

// A plugin for articled that lives in a package of its own. The tests fill in where articled is, and which version.
let package = Package(
    name: "word-count",
    products: [.library(name: "WordCount", type: .dynamic, targets: ["WordCount"])],
    dependencies: [.package(url: "URL", from: "VERSION")],
    targets: [.target(name: "WordCount", dependencies: [.product(name: "HandlerKit", package: "articled")])]
)
