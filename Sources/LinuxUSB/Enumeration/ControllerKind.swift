// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
/// The kinds of host controllers whose Linux drivers differ in what isochronous requests can do.
enum ControllerKind: Hashable, Sendable {
    case xhci
    case ehci
    case ohci
    case uhci
    case other

    /// From the name of the controller's driver, such as "xhci_hcd", "ehci-pci" or "ohci-platform".
    init(driver: String?) {
        let names: [(String, ControllerKind)] = [("xhci", .xhci), ("ehci", .ehci), ("ohci", .ohci), ("uhci", .uhci)]
        let match = names.first { driver?.hasPrefix($0.0) ?? false }
        self = match?.1 ?? .other
    }

    /// Whether a request that follows another too late has its expired slots skipped and told one by one, unless it asks
    /// to be served as soon as possible.
    var reportsExpiredSlots: Bool {
        switch self {
        case .ehci, .ohci, .uhci: true
        case .xhci, .other: false
        }
    }
}
#endif
