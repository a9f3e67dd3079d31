// swift-tools-version: 6.2
import PackageDescription

let articled = Context.environment["ARTICLED_URL"] ?? "https://example.org/articled.git"

let package = Package(
    name: "word-count",
    products: [.library(name: "WordCount", type: .dynamic, targets: ["WordCount"])],
    dependencies: [.package(url: articled, from: "0.1.0")],
    targets: [.target(name: "WordCount", dependencies: [.product(name: "HandlerKit", package: "articled")])]
)
