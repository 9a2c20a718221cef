// swift-tools-version: 6.2

import PackageDescription

/// The examples are built like the library itself. The programs stand for themselves; `ThermometerDriver` is a driver that
/// is tested against a device in memory.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let usb = Target.Dependency.product(name: "USB", package: "swift-usb")
let virtualUSB = Target.Dependency.product(name: "VirtualUSB", package: "swift-usb")

let package = Package(
    name: "swift-usb-examples",
    dependencies: [
        .package(name: "swift-usb", path: "..")
    ],
    targets: [
        .executableTarget(name: "ListDevices", dependencies: [usb], swiftSettings: settings),
        .executableTarget(name: "BulkEcho", dependencies: [usb], swiftSettings: settings),
        .executableTarget(name: "ControlRequest", dependencies: [usb], swiftSettings: settings),
        .executableTarget(name: "IsochronousTone", dependencies: [usb, virtualUSB], swiftSettings: settings),
        .executableTarget(name: "BlockingThreads", dependencies: [usb], swiftSettings: settings),
        .target(name: "ThermometerDriver", dependencies: [usb], swiftSettings: settings),
        .testTarget(
            name: "ThermometerTests", dependencies: ["ThermometerDriver", usb, virtualUSB], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
