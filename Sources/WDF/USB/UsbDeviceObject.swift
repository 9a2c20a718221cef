// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBD
import USBHost
import USBRequests
import USBSpecification
import Win32

/// A USB device (WDFUSBDEVICE).
///
/// Its interfaces are made with it, of the first configuration's descriptors; pipes are there while a configuration is
/// selected. Starting, stopping and purging it does the same to all its pipes.
@safe public final class UsbDeviceObject: IoTargetObject, @unchecked Sendable {
    /// The device descriptor.
    private(set) final var descriptor = USB_DEVICE_DESCRIPTOR()
    /// The first configuration's descriptors.
    private(set) final var configuration = DescriptorBytes(byteCount: 9)
    /// The interfaces, in the descriptors' order.
    private(set) final var interfaces: [UsbInterfaceObject] = []
    /// The configuration says that it has no interface, and has one: none can be selected.
    private(set) final var isMismatched = false
    /// WDF_USB_DEVICE_TRAITS
    private(set) final var traits: UInt32 = 0
    /// The registration with USBD of a driver that has said which contract it keeps to.
    // Sound: a token.
    private(set) final var registration: USBD_HANDLE?
    /// What is selected, guarded by the lock; NULL for nothing.
    private final var selected: USBD_CONFIGURATION_HANDLE?

    init(_ usb: USBTarget, of device: DriverDevice) {
        super.init(.usbDevice, usb, of: device)
    }

    deinit { if let registration = unsafe registration { unsafe USBD_CloseHandle(registration) } }

    /// The configuration that the driver has selected.
    final var configurationHandle: USBD_CONFIGURATION_HANDLE? {
        get { unsafe lock.withLock { unsafe selected } }
        set { lock.withLock { unsafe selected = unsafe newValue } }
    }

    /// The interface with this number.
    final func interface(number: UInt8) -> UsbInterfaceObject? { interfaces.first { $0.number == number } }

    /// The pipes of the selected settings.
    final var pipes: [UsbPipeObject] { interfaces.flatMap { $0.pipes ?? [] } }

    /// The most bytes that the framework says a transfer may have.
    final func maximumTransferSize(_ type: WDF_USB_PIPE_TYPE) -> ULONG {
        if type == WdfUsbPipeTypeControl { return 4 * 1024 }
        return usb.device.speed >= .high ? 2 * 1024 * 1024 : 256 * 1024
    }

    // MARK: Beginning

    /// Asks the device for its descriptors and makes the interfaces.
    ///
    /// - Parameter contract: the version of USBD's contract that the driver keeps to, or
    ///   USBD_CLIENT_CONTRACT_VERSION_INVALID.
    ///
    /// STATUS_INVALID_LEVEL: another contract. STATUS_INVALID_DEVICE_REQUEST: descriptors that contradict themselves.
    /// STATUS_DEVICE_DATA_ERROR: two different lengths. STATUS_UNSUCCESSFUL: none. What the requests end with.
    final func setUp(contract: ULONG) throws(Refusal) {
        if contract != ULONG(USBD_CLIENT_CONTRACT_VERSION_INVALID) {
            let status = unsafe USBD_CreateHandle(usb.pointer, usb.pointer, contract, 0x4644_5755, &registration)
            guard status >= 0 else { throw Refusal(status) }
        }
        try readDescriptors()
        if usb.device.speed >= .high { traits |= WDF_USB_DEVICE_TRAIT_AT_HIGH_SPEED.rawValue }
        // Sound: the bytes begin with a whole configuration descriptor.
        if unsafe configuration.configuration.pointee.bmAttributes & UCHAR(USB_CONFIG_REMOTE_WAKEUP) != 0 {
            traits |= WDF_USB_DEVICE_TRAIT_REMOTE_WAKE_CAPABLE.rawValue
        }
        if isSelfPowered { traits |= WDF_USB_DEVICE_TRAIT_SELF_POWERED.rawValue }
        try makeInterfaces()
    }

    private final func readDescriptors() throws(Refusal) {
        _ = unsafe try withUnsafeMutableBytes(of: &descriptor) { bytes throws(Refusal) in
            unsafe try read(USB_DEVICE_DESCRIPTOR_TYPE, bytes)
        }
        let head = DescriptorBytes(byteCount: MemoryLayout<USB_CONFIGURATION_DESCRIPTOR>.size)
        let count = try unsafe read(USB_CONFIGURATION_DESCRIPTOR_TYPE, head.bytes)
        let total = Int(unsafe head.configuration.pointee.wTotalLength)
        guard count > 0, unsafe total >= head.bytes.count else { throw Refusal(.unsuccessful) }
        configuration = DescriptorBytes(byteCount: total)
        _ = try unsafe read(USB_CONFIGURATION_DESCRIPTOR_TYPE, configuration.bytes)
        guard unsafe Int(configuration.configuration.pointee.wTotalLength) == total else {
            throw Refusal(.deviceDataError)
        }
    }

    /// Reads a descriptor of the device; the number of its bytes.
    private final func read(_ type: Int32, _ bytes: UnsafeMutableRawBufferPointer) throws(Refusal) -> Int {
        let (status, count) = unsafe readDescriptor(type, index: 0, language: 0, bytes, within: 5)
        guard status >= 0 else { throw Refusal(status) }
        return count
    }

    /// Reads a descriptor of the device: the status, and the number of bytes.
    final func readDescriptor(
        _ type: Int32, index: UInt8, language: UInt16, _ bytes: UnsafeMutableRawBufferPointer, within seconds: Int64
    ) -> (NTSTATUS, Int) {
        unsafe usb.withBlock(
            URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE, byteCount: MemoryLayout<_URB_CONTROL_DESCRIPTOR_REQUEST>.size
        ) { block in
            unsafe UsbDeviceObject.ask(block, type, index: index, language: language, bytes)
            let status = unsafe usb.run(block, within: seconds)
            return (
                status, Int(unsafe block.body(as: _URB_CONTROL_DESCRIPTOR_REQUEST.self).pointee.TransferBufferLength)
            )
        }
    }

    /// Fills in a block that reads a descriptor.
    static func ask(
        _ block: PURB, _ type: Int32, index: UInt8, language: UInt16, _ bytes: UnsafeMutableRawBufferPointer
    ) {
        unsafe block.body(as: _URB_CONTROL_DESCRIPTOR_REQUEST.self).pointee.DescriptorType = UCHAR(type)
        unsafe block.body(as: _URB_CONTROL_DESCRIPTOR_REQUEST.self).pointee.Index = index
        unsafe block.body(as: _URB_CONTROL_DESCRIPTOR_REQUEST.self).pointee.LanguageId = language
        unsafe block.body(as: _URB_CONTROL_DESCRIPTOR_REQUEST.self).pointee.TransferBuffer = bytes.baseAddress
        unsafe block.body(as: _URB_CONTROL_DESCRIPTOR_REQUEST.self).pointee.TransferBufferLength = ULONG(bytes.count)
    }

    /// What the device says of its power; no when it says nothing.
    private final var isSelfPowered: Bool {
        var status: USHORT = 0
        let bytes = unsafe usb.withBlock(
            URB_FUNCTION_GET_STATUS_FROM_DEVICE, byteCount: MemoryLayout<_URB_CONTROL_GET_STATUS_REQUEST>.size
        ) { block in
            unsafe withUnsafeMutableBytes(of: &status) { place in
                unsafe block.body(as: _URB_CONTROL_GET_STATUS_REQUEST.self).pointee.TransferBuffer = place.baseAddress
                unsafe block.body(as: _URB_CONTROL_GET_STATUS_REQUEST.self).pointee.TransferBufferLength = ULONG(
                    place.count)
                return unsafe usb.run(block, within: 5)
            }
        }
        return bytes >= 0 && Int32(status) & USB_GETSTATUS_SELF_POWERED != 0
    }

    private final func makeInterfaces() throws(Refusal) {
        let settings = try configuration.settings()
        let count = Int(unsafe configuration.configuration.pointee.bNumInterfaces)
        var numbers: [UInt8] = []
        for setting in settings where !numbers.contains(setting.number) { numbers.append(setting.number) }
        guard count == 0 || !numbers.isEmpty else { throw Refusal(.invalidDeviceRequest) }
        isMismatched = count == 0 && !numbers.isEmpty
        for number in numbers.prefix(count) {
            let own = settings.filter { $0.number == number }.sorted { $0.alternate < $1.alternate }
            guard own.enumerated().allSatisfy({ $0.offset == Int($0.element.alternate) }) else {
                throw Refusal(.invalidDeviceRequest)
            }
            interfaces.append(UsbInterfaceObject(number, own, of: self))
        }
    }

    /// Gives the device its handle, and the interfaces theirs.
    final func publish(_ attributes: ObjectAttributes, of device: DriverDevice) throws(Refusal) {
        try publish(attributes, parent: device)
        for interface in interfaces { try interface.publish(.none, parent: self) }
    }

    // MARK: States

    override func start() -> NTSTATUS {
        let status = super.start()
        guard status >= 0 else { return status }
        for pipe in pipes { _ = pipe.start() }
        return status
    }

    override func stop(_ action: WDF_IO_TARGET_SENT_IO_ACTION) {
        super.stop(action)
        for pipe in pipes { pipe.stop(action) }
    }

    override func purge(waits: Bool) {
        super.purge(waits: waits)
        for pipe in pipes { pipe.purge(waits: waits) }
    }

    override func cancelSent() {
        for pipe in pipes { pipe.cancelSent() }
        super.cancelSent()
    }
}
