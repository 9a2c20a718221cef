// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import USBHost
import USBSpecification

/// Calls that wait for the device, in place of requests in its queues.
extension UsbfsDevice {
    /// Lets a thread make a call that waits for the device; its end comes through the event loop.
    func runAlone(_ block: RequestBlock) {
        block.isOutsideQueue = true
        bus.worker.run { [self] in
            let (status, detail) = perform(unsafe block.request.operation)
            bus.post(block, status, detail: detail)
        }
    }

    private func perform(_ operation: WireRequest.Operation) -> (WireCompletion.Status, WireDetail?) {
        var message = ""
        var result: Int32
        switch operation {
        case .portReset: result = unsafe system.control(file, CLINUXUSB_RESET, nil)
        case .control(let setup):
            switch DeviceCall(setup) {
            case .setConfiguration(let value):
                var value = UInt32(value)
                result = unsafe system.control(file, CLINUXUSB_SETCONFIGURATION, &value)
                if result == -EBUSY {
                    message = "the configuration cannot be changed while any driver or program has an interface"
                }
            case .setInterface(let number, let alternate):
                var setting = usbdevfs_setinterface(interface: UInt32(number), altsetting: UInt32(alternate))
                result = unsafe system.control(file, CLINUXUSB_SETINTERFACE, &setting)
                if result == -ENOSPC { message = bandwidthMessage(number, alternate) }
            case .clearHalt(let endpoint):
                var address = UInt32(endpoint)
                result = unsafe system.control(file, CLINUXUSB_CLEAR_HALT, &address)
            case nil: result = -EINVAL
            }
        case .data, .isochronous: result = -EINVAL
        }
        guard result < 0 else { return (.completed, nil) }
        let code = ErrorCode(result: result)
        let hint = message.isEmpty ? code.hint : message
        switch code.kind {
        case .deviceGone: return (.deviceGone, code.detail())
        case .stalled: return (.stalled, code.detail())
        case .bus(let fault): return (.failed(fault), code.detail(hint))
        case let kind: return (.refused(kind), code.detail(hint))
        }
    }
}

/// The standard requests for which usbfs has calls of its own, so that the kernel knows what was changed.
enum DeviceCall: Hashable {
    case setConfiguration(UInt8)
    case setInterface(UInt8, alternate: UInt8)
    case clearHalt(UInt8)

    init?(_ setup: SetupPacket) {
        guard setup.requestType.kind == .standard, setup.requestType.direction == .out else { return nil }
        switch (StandardRequest(rawValue: setup.request), setup.requestType.recipient) {
        case (.setConfiguration, .device): self = .setConfiguration(UInt8(truncatingIfNeeded: setup.value))
        case (.setInterface, .interface):
            self = .setInterface(
                UInt8(truncatingIfNeeded: setup.index), alternate: UInt8(truncatingIfNeeded: setup.value))
        case (.clearFeature, .endpoint) where setup.value == 0:
            self = .clearHalt(UInt8(truncatingIfNeeded: setup.index))
        default: return nil
        }
    }
}
#endif
