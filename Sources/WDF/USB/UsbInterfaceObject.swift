// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import USBHost
import USBRequests
import Win32

/// An interface of a USB device (WDFUSBINTERFACE).
@safe public final class UsbInterfaceObject: FrameworkObject, @unchecked Sendable {
    /// The device; it keeps its interfaces.
    final weak var usbDevice: UsbDeviceObject?
    /// bInterfaceNumber
    let number: UInt8
    /// The settings; the place of each is its number.
    let settings: [DescriptorBytes.Setting]
    /// Keeps the memory that the settings lie in.
    private let bytes: DescriptorBytes
    private final var configured: (setting: UInt8, pipes: [UsbPipeObject])?

    init(_ number: UInt8, _ settings: [DescriptorBytes.Setting], of usbDevice: UsbDeviceObject) {
        self.number = number
        self.settings = settings
        self.usbDevice = usbDevice
        bytes = usbDevice.configuration
        super.init(.usbInterface, host: usbDevice.host)
    }

    /// The pipes of the selected setting; nil while none is selected.
    final var pipes: [UsbPipeObject]? { lock.withLock { configured?.pipes } }
    /// The selected setting; nil for none.
    final var setting: UInt8? { lock.withLock { configured?.setting } }

    /// Has no setting any more. The pipes end: what is under way on them is cancelled and waited for.
    final func leave() {
        let old = lock.withLock {
            defer { configured = nil }
            return configured?.pipes ?? []
        }
        for pipe in old { pipe.delete() }
    }

    /// Makes the pipes of a setting that has been selected.
    ///
    /// STATUS_INSUFFICIENT_RESOURCES: there are too many handles; then no setting is known.
    final func adopt(_ selected: SelectedInterface, _ attributes: ObjectAttributes) throws(Refusal) {
        guard let usbDevice, let device = usbDevice.device else { throw Refusal(.invalidDeviceState) }
        var made: [UsbPipeObject] = []
        do throws(Refusal) {
            let pipes = unsafe selected.pipes
            for index in unsafe pipes.indices {
                let information = unsafe pipes[index]
                guard let opened = unsafe TargetPipe.named(by: information.PipeHandle) else {
                    throw Refusal(.unsuccessful)
                }
                let pipe = unsafe UsbPipeObject(opened, information, of: self, usbDevice, device)
                try pipe.publish(attributes, parent: self)
                made.append(pipe)
            }
        } catch {
            for pipe in made { pipe.delete() }
            throw error
        }
        lock.withLock { configured = (selected.alternate, made) }
    }
}
