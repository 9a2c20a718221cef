// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import USBRequests
import USBSpecification
import Win32

/// Something that a bus or a device may be able to do, named by a GUID.
private enum Capability: CaseIterable {
    case chainedLists, staticStreams, selectiveSuspend, functionSuspend, highBandwidthIsochronous, highSpeed,
        superSpeed,
        timeSync

    /// Data1 of the GUID, and the eight bytes at its end; none has its like.
    private var guid: GUID {
        switch self {
        case .chainedLists: GUID_USB_CAPABILITY_CHAINED_MDLS
        case .staticStreams: GUID_USB_CAPABILITY_STATIC_STREAMS
        case .selectiveSuspend: GUID_USB_CAPABILITY_SELECTIVE_SUSPEND
        case .functionSuspend: GUID_USB_CAPABILITY_FUNCTION_SUSPEND
        case .highBandwidthIsochronous: GUID_USB_CAPABILITY_HIGH_BANDWIDTH_ISOCH
        case .highSpeed: GUID_USB_CAPABILITY_DEVICE_CONNECTION_HIGH_SPEED_COMPATIBLE
        case .superSpeed: GUID_USB_CAPABILITY_DEVICE_CONNECTION_SUPER_SPEED_COMPATIBLE
        case .timeSync: GUID_USB_CAPABILITY_TIME_SYNC
        }
    }

    init?(_ guid: GUID) {
        guard let found = Capability.allCases.first(where: { Capability.bytes($0.guid) == Capability.bytes(guid) })
        else { return nil }
        self = found
    }

    private static func bytes(_ guid: GUID) -> [UInt8] { unsafe withUnsafeBytes(of: guid) { unsafe Array($0) } }

    /// Whether a device at this speed has it; nil when the bus knows nothing of it.
    func isThere(at speed: Speed) -> Bool? {
        switch self {
        case .highBandwidthIsochronous, .highSpeed: speed >= .high
        case .superSpeed: speed.isSuperSpeed
        case .chainedLists, .staticStreams, .selectiveSuspend, .functionSuspend, .timeSync: nil
        }
    }
}

/// Tells whether the bus and the device can do something (USBD_QueryUsbCapability function, usbdlib.h): a device at high
/// speed or above has high-bandwidth isochronous pipes, and the two questions for its speed are answered by that. The bus
/// has no chained lists, streams, suspension or time synchronisation for drivers. Nothing is written to the buffer, and
/// `ResultLength`, unless it is NULL, is 0.
///
/// STATUS_SUCCESS: yes. STATUS_NOT_SUPPORTED: not this device. STATUS_NOT_IMPLEMENTED: not the bus.
/// STATUS_INVALID_PARAMETER: NULL, or a buffer without a length, or a length without a buffer. Bug check 0xFE: the handle
/// is none.
@c @implementation
public func USBD_QueryUsbCapability(
    _ USBDHandle: USBD_HANDLE!, _ CapabilityType: UnsafePointer<GUID>!, _ OutputBufferLength: ULONG,
    _ OutputBuffer: PUCHAR!, _ ResultLength: PULONG!
) -> NTSTATUS {
    unsafe ResultLength?.pointee = 0
    guard let handle = unsafe USBDHandle, let type = unsafe CapabilityType,
        unsafe (OutputBuffer == nil) == (OutputBufferLength == 0)
    else { return STATUS_INVALID_PARAMETER }
    guard let client = unsafe ClientHandle.named(by: handle, in: "USBD_QueryUsbCapability") else {
        return STATUS_UNSUCCESSFUL
    }
    let isThere = Capability(unsafe type.pointee)?.isThere(at: client.target.device.speed)
    return switch isThere {
    case true?: NTStatus.success.rawValue
    case false?: STATUS_NOT_SUPPORTED
    case nil: STATUS_NOT_IMPLEMENTED
    }
}
