// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import USBRequests
import Win32

extension UsbDeviceObject {
    /// Makes a memory object that holds a block, zeroed, which is freed with it.
    fileprivate final func makeBlock(
        byteCount: Int?, isIsochronous: Bool, _ given: PWDF_OBJECT_ATTRIBUTES?,
        _ out: UnsafeMutablePointer<WDFMEMORY?>?, _ blockOut: UnsafeMutablePointer<PURB?>?, in name: String
    ) throws(Refusal) -> NTSTATUS {
        let out = unsafe try required(out, "UrbMemory", in: name)
        guard let registration = unsafe registration else { throw Refusal(.invalidDeviceState) }
        let attributes = unsafe try ObjectAttributes(given, in: name)
        if let parent = attributes.parent, !goesWithDevice(parent) { throw Refusal(.invalidParameter) }
        unsafe out.pointee = nil
        guard let byteCount else { throw Refusal(.invalidParameter) }
        let owner = UInt(bitPattern: UnsafeMutableRawPointer(registration))
        guard
            let block = unsafe BlockMemory.shared.allocate(
                byteCount: byteCount, isIsochronous: isIsochronous, owner: owner)
        else { throw Refusal(.insufficientResources) }
        // Sound: as many bytes as were allocated, freed by the object with its last reference.
        let memory = unsafe MemoryObject(UnsafeMutableRawBufferPointer(start: block, count: byteCount), host: host) {
            guard let start = $0.baseAddress else { return }
            unsafe BlockMemory.shared.free(
                start.assumingMemoryBound(to: URB.self), owner: owner, in: "WdfObjectDelete")
        }
        do throws(Refusal) {
            try memory.publish(attributes, parent: self)
        } catch {
            unsafe BlockMemory.shared.free(block, owner: owner, in: name)
            throw error
        }
        unsafe out.pointee = unsafe memory.handle(as: WDFMEMORY.self)
        unsafe blockOut?.pointee = unsafe block
        return NTStatus.success.rawValue
    }

    /// Whether an object is sure to go when the device does: it belongs to the device, or to a request that was
    /// presented.
    private final func goesWithDevice(_ object: FrameworkObject) -> Bool {
        var next: FrameworkObject? = object
        while let known = next {
            if known === device || (known as? RequestObject)?.presented != nil { return true }
            next = known.parent
        }
        return false
    }
}

/// Makes a memory object that holds a block for any request but an isochronous one, every member zero. Block and object go
/// with the parent, which is the USB device unless the attributes name another.
///
/// At any level up to DISPATCH_LEVEL. Bug check 0x10D: a handle is wrong, `UrbMemory` is NULL; `Urb` may be.
/// STATUS_INVALID_DEVICE_STATE: the device was not made by WdfUsbTargetDeviceCreateWithParameters with a contract version.
/// STATUS_INVALID_PARAMETER: the parent does not go with the device. Those of the attributes.
/// STATUS_INSUFFICIENT_RESOURCES.
///
/// Microsoft's page: "WdfUsbTargetDeviceCreateUrb function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceCreateUrb(
    _ UsbDevice: WDFUSBDEVICE!, _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ UrbMemory: UnsafeMutablePointer<WDFMEMORY?>!,
    _ Urb: UnsafeMutablePointer<PURB?>!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceCreateUrb"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        return unsafe try device.makeBlock(
            byteCount: MemoryLayout<URB>.size, isIsochronous: false, Attributes, UrbMemory, Urb, in: name)
    }
}

/// Makes a memory object that holds a block for up to `NumberOfIsochPackets` isochronous packets, every member zero.
///
/// As ``WdfUsbTargetDeviceCreateUrb(_:_:_:_:)``; and STATUS_INVALID_PARAMETER: more packets than the block's length of 16
/// bits can hold (5448).
///
/// Microsoft's page: "WdfUsbTargetDeviceCreateIsochUrb function (wdfusb.h)".
@c @implementation
public func WdfUsbTargetDeviceCreateIsochUrb(
    _ UsbDevice: WDFUSBDEVICE!, _ Attributes: PWDF_OBJECT_ATTRIBUTES!, _ NumberOfIsochPackets: ULONG,
    _ UrbMemory: UnsafeMutablePointer<WDFMEMORY?>!, _ Urb: UnsafeMutablePointer<PURB?>!
) -> NTSTATUS {
    let name = "WdfUsbTargetDeviceCreateIsochUrb"
    return answer { () throws(Refusal) in
        let device = unsafe try Handles.object(UsbDevice, UsbDeviceObject.self, .usbDevice, in: name)
        let fits = NumberOfIsochPackets <= BlockMemory.maximumPacketCount
        return unsafe try device.makeBlock(
            byteCount: fits ? BlockMemory.byteCount(packets: Int(NumberOfIsochPackets)) : nil, isIsochronous: true,
            Attributes, UrbMemory, Urb, in: name)
    }
}
