// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import USBHost

/// What a program and a person are told when the kernel does not take a request.
extension UsbfsDevice {
    /// Why the kernel did not take a request.
    func refusal(_ code: ErrorCode, at info: EndpointInfo) -> USBError {
        var error: USBError
        switch code.number {
        case ENOMEM: error = code.error(memoryMessage, hint: UsbfsDevice.memoryHint)
        case ENOSPC: error = code.error(bandwidthMessage(info.interface, info.alternateSetting))
        case ENOENT where info.address != .control:
            error = code.error("the endpoint is not in the alternate setting that is selected")
        case EPERM: error = code.error("the pipe is being stopped", kind: .notAccepting)
        case ENODEV, ESHUTDOWN: error = USBError(.deviceGone, detail: code.detail())
        case EINVAL where info.type == .bulk && info.speed.isSuperSpeed:
            error = code.error("the kernel refused the request", hint: UsbfsDevice.streamHint)
        default: error = code.error("the kernel refused the request")
        }
        error.endpoint = info.address
        return error
    }

    private static let memoryHint =
        "raise it with the kernel's setting usbcore.usbfs_memory_mb (0 for no limit), or keep less in flight"

    private static let streamHint = "where an endpoint has streams, a transfer names one of those that it was given"

    /// What is known about the memory that was refused.
    private var memoryMessage: String {
        let text = system.contents(of: "/sys/module/usbcore/parameters/usbfs_memory_mb")
        guard let text, let megabytes = Int(String(decoding: text, as: UTF8.self).prefix { $0.isNumber }) else {
            return "usbfs memory: the budget is used up"
        }
        return megabytes == 0
            ? "usbfs memory: the kernel found no contiguous memory for the request"
            : "usbfs memory: the budget of \(megabytes) MB that all programs share is used up"
    }

    /// What an alternate setting would need of the bus.
    func bandwidthMessage(_ interface: UInt8?, _ alternate: UInt8) -> String {
        let configuration = description.configurations.first { $0.value == description.activeConfiguration }
        let setting = interface.flatMap { configuration?.alternateSetting(alternate, of: $0) }
        let needs = setting?.periodicNeeds(at: description.speed) ?? []
        guard !needs.isEmpty else { return "the bus has not the time that is needed" }
        let parts = needs.map { need in
            let micro = (need.nanoseconds + 999) / 1000
            return "\(micro) us every \(need.interval.microframes * 125) us for endpoint \(need.endpoint)"
        }
        return "alternate setting \(alternate) needs \(parts.joined(separator: ", "))"
    }
}
#endif
