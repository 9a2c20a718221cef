// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import USBRequests
import Win32

/// A driver's registration with USBD: what a USBD_HANDLE stands for.
final class ClientHandle: HandleObject, @unchecked Sendable {
    /// The bus's end of the device.
    let target: USBTarget

    init(_ target: USBTarget) { self.target = target }

    /// What a handle other than NULL stands for. A wrong one is a bug check of `function`.
    static func named(by handle: USBD_HANDLE, in function: String) -> ClientHandle? {
        let token = UnsafeMutableRawPointer(handle)
        if let client = unsafe HandleTable.shared.object(token, as: ClientHandle.self) { return client }
        BugCheck(
            BugCheckCode.usbDriver, [1, UInt(bitPattern: token)], in: function,
            "the handle was closed, or was not made by USBD_CreateHandle"
        ).report()
        return nil
    }
}

extension USBD_HANDLE {
    /// The handle as the owner of blocks.
    var owner: UInt { UInt(bitPattern: UnsafeMutableRawPointer(self)) }
}
