// swift-tools-version: 6.2

import PackageDescription

/// Every target is built in the Swift 6 language mode with strict memory safety: each unsafe construct is marked.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "swift-usb",
    products: [
        .library(name: "USB", targets: ["USB"]),
        .library(name: "USBHost", targets: ["USBHost"]),
        .library(name: "LinuxUSB", targets: ["LinuxUSB"]),
        .library(name: "USBSpecification", targets: ["USBSpecification"]),
        .library(name: "VirtualUSB", targets: ["VirtualUSB"]),
        .library(name: "USBDriverKit", targets: ["USBDriverKit"]),
        .library(name: "WDF", targets: ["WDF"]),
        .library(name: "WinUSB", targets: ["WinUSB"]),
        // Building this product builds the one below it, whose name is that of the file.
        .library(name: "SwiftUSBC", targets: ["SwiftUSBC"]),
        .library(name: "swiftusb", type: .dynamic, targets: ["SwiftUSBC"]),
        .executable(name: "usbpipe", targets: ["usbpipe"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .target(name: "USBSpecification", swiftSettings: settings),
        .target(name: "USBHost", dependencies: ["USBSpecification"], swiftSettings: settings),
        .target(name: "VirtualUSB", dependencies: ["USBHost", "USBSpecification"], swiftSettings: settings),
        .target(name: "CLinuxUSB"),
        .target(name: "CMicrosoftUSB"),
        .target(name: "CUSBDriverKit"),
        .target(name: "CWideMain"),
        .target(
            name: "LinuxUSB", dependencies: ["CLinuxUSB", "USBHost", "USBSpecification"], swiftSettings: settings),
        .target(
            name: "USB", dependencies: ["LinuxUSB", "USBHost", "USBSpecification", "VirtualUSB"],
            swiftSettings: settings),
        .target(
            name: "Win32", dependencies: ["CMicrosoftUSB", "HostFiles", "USB", "USBHost", "USBSpecification"],
            swiftSettings: settings),
        .target(
            name: "WinUSB", dependencies: ["CMicrosoftUSB", "USBHost", "USBSpecification", "Win32"],
            swiftSettings: settings),
        .target(
            name: "USBDriverKit", dependencies: ["CUSBDriverKit", "HostFiles", "USB", "USBHost", "USBSpecification"],
            swiftSettings: settings),
        .target(
            name: "NTKernel", dependencies: ["CMicrosoftUSB", "HostFiles", "USB", "USBHost", "Win32"],
            swiftSettings: settings),
        .target(
            name: "USBRequests",
            dependencies: ["CMicrosoftUSB", "HostFiles", "NTKernel", "USB", "USBHost", "USBSpecification", "Win32"],
            swiftSettings: settings),
        .target(
            name: "USBD",
            dependencies: ["CMicrosoftUSB", "NTKernel", "USBHost", "USBRequests", "USBSpecification", "Win32"],
            swiftSettings: settings),
        .target(
            name: "WDF",
            dependencies: [
                "CMicrosoftUSB", "HostFiles", "NTKernel", "USB", "USBD", "USBHost", "USBRequests", "USBSpecification",
                "Win32",
            ],
            swiftSettings: settings),
        .target(
            name: "SwiftUSBC",
            dependencies: ["CWideMain", "NTKernel", "USBD", "USBDriverKit", "WDF", "Win32", "WinUSB"],
            swiftSettings: settings,
            // A library for programs in C needs nothing of Swift's where it runs.
            linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]),
        .target(name: "HostFiles", dependencies: ["USB", "VirtualUSB"], swiftSettings: settings),
        .executableTarget(
            name: "usbpipe",
            dependencies: [
                "HostFiles", "LinuxUSB", "USB", "VirtualUSB",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        // How much the tests do.
        .target(name: "TestEffort", path: "Tests/TestEffort", swiftSettings: settings),
        .testTarget(
            name: "USBSpecificationTests", dependencies: ["TestEffort", "USBSpecification"], swiftSettings: settings),
        .testTarget(name: "USBHostTests", dependencies: ["TestEffort", "USBHost"], swiftSettings: settings),
        .testTarget(
            name: "LinuxUSBTests",
            dependencies: ["CLinuxUSB", "LinuxUSB", "TestEffort", "USBHost", "USBSpecification"],
            swiftSettings: settings),
        .testTarget(
            name: "LabTests",
            dependencies: ["LinuxUSB", "TestEffort", "USB", "USBHost", "USBSpecification", "VirtualUSB"],
            swiftSettings: settings),
        .testTarget(name: "VirtualUSBTests", dependencies: ["TestEffort", "VirtualUSB"], swiftSettings: settings),
        .testTarget(name: "USBTests", dependencies: ["USB", "VirtualUSB"], swiftSettings: settings),
        .testTarget(
            name: "Win32Tests",
            dependencies: [
                "CMicrosoftUSB", "HostFiles", "TestEffort", "USB", "USBHost", "USBSpecification", "VirtualUSB", "Win32",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WinUSBTests",
            dependencies: [
                "CMicrosoftUSB", "HostFiles", "TestEffort", "USB", "USBHost", "USBSpecification", "VirtualUSB", "Win32",
                "WinUSB",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "USBDriverKitTests",
            dependencies: [
                "CUSBDriverKit", "HostFiles", "TestEffort", "USB", "USBDriverKit", "USBHost", "USBSpecification",
                "VirtualUSB",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "NTKernelTests",
            dependencies: ["CMicrosoftUSB", "HostFiles", "NTKernel", "USB", "USBHost", "VirtualUSB", "Win32"],
            swiftSettings: settings),
        .testTarget(
            name: "USBDTests",
            dependencies: [
                "CMicrosoftUSB", "HostFiles", "NTKernel", "USB", "USBD", "USBHost", "USBRequests", "USBSpecification",
                "VirtualUSB", "Win32",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WDFTests",
            dependencies: [
                "CMicrosoftUSB", "HostFiles", "NTKernel", "TestEffort", "USB", "USBD", "USBHost", "USBRequests",
                "USBSpecification", "VirtualUSB", "WDF", "Win32",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "DialectTests",
            dependencies: [
                "CMicrosoftUSB", "CUSBDriverKit", "HostFiles", "TestEffort", "USB", "USBDriverKit", "USBHost",
                "USBRequests", "USBSpecification", "VirtualUSB", "WDF", "Win32", "WinUSB",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "usbpipeTests", dependencies: ["HostFiles", "TestEffort", "usbpipe", "USB", "VirtualUSB"],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
