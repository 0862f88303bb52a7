// swift-tools-version:6.0

// The client for Swift: the kit in Sources/Yourturn, and beside it, in Sources/Yourturn/Wire, what `mvn generate-sources`
// makes of the schema. No other packages.

import PackageDescription

let package = Package(
    name: "Yourturn",
    platforms: [.iOS(.v15), .macOS(.v12), .tvOS(.v15), .watchOS(.v8)],
    products: [.library(name: "Yourturn", targets: ["Yourturn"])],
    targets: [
        .target(name: "Yourturn"),
        .executableTarget(name: "Example", dependencies: ["Yourturn"]),
    ],
    swiftLanguageModes: [.v6]
)
