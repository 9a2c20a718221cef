// swift-tools-version: 6.2

import PackageDescription

/// The benchmarks are built like the library itself.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let library: [Target.Dependency] = [
    "LinuxUSB", "USB", "USBHost", "USBSpecification", "VirtualUSB", "WDF", "WinUSB",
].map { .product(name: $0, package: "swift-usb") }

let package = Package(
    name: "swift-usb-benchmarks",
    dependencies: [
        .package(name: "swift-usb", path: "..")
    ],
    targets: [
        .executableTarget(name: "Figures", dependencies: library + ["WDFLoad", "WinUSBLoad"], swiftSettings: settings),
        .executableTarget(name: "Peer", dependencies: library, swiftSettings: settings),
        .executableTarget(
            name: "Allocations", dependencies: library + ["WDFLoad", "WinUSBLoad"], swiftSettings: settings),
        .target(name: "WDFLoad", dependencies: library, swiftSettings: settings),
        .target(name: "WinUSBLoad", dependencies: library, swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
