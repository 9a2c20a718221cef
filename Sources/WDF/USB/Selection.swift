// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import USBD
import USBRequests
import Win32

extension UsbDeviceObject {
    /// Selects the configuration that a block describes. The pipes that there were end first, and do not come back when
    /// the selection fails. Returns how many interfaces have been selected.
    ///
    /// STATUS_INVALID_PARAMETER: a description does not lie within the block. STATUS_INVALID_DEVICE_REQUEST: it is of an
    /// interface that the device does not have. What the block ends with.
    final func select(_ block: PURB, _ attributes: ObjectAttributes) throws(Refusal) -> Int {
        try requireOpen()
        let wanted = try unsafe SelectedInterface.all(inConfiguration: block)
        guard wanted.allSatisfy({ interface(number: $0.number) != nil }) else { throw Refusal(.invalidDeviceRequest) }
        leaveInterfaces()
        let status = unsafe usb.run(block)
        guard status >= 0 else { throw Refusal(status) }
        unsafe configurationHandle = unsafe block.body(as: _URB_SELECT_CONFIGURATION.self).pointee.ConfigurationHandle
        for selected in wanted { try interface(number: selected.number)?.adopt(selected, attributes) }
        return wanted.count
    }

    /// Selects the first configuration, or another of the driver's, with those settings.
    final func select(
        _ settings: [PUSB_INTERFACE_DESCRIPTOR?], of configuration: PUSB_CONFIGURATION_DESCRIPTOR? = nil,
        _ attributes: ObjectAttributes
    ) throws(Refusal) -> Int {
        var list = unsafe settings.map { unsafe USBD_INTERFACE_LIST_ENTRY(InterfaceDescriptor: $0, Interface: nil) }
        unsafe list.append(USBD_INTERFACE_LIST_ENTRY(InterfaceDescriptor: nil, Interface: nil))
        // Sound: the list is there for the length of the call, and its end is marked.
        let built = unsafe list.withUnsafeMutableBufferPointer {
            unsafe USBD_CreateConfigurationRequestEx(configuration ?? self.configuration.configuration, $0.baseAddress)
        }
        guard let block = unsafe built else { throw Refusal(.insufficientResources) }
        defer { unsafe ExFreePool(block) }
        return unsafe try select(block, attributes)
    }

    /// Gives the configuration up: the pipes end, and the interfaces have no setting.
    final func deconfigure() throws(Refusal) {
        try requireOpen()
        leaveInterfaces()
        let status = unsafe usb.withBlock(
            URB_FUNCTION_SELECT_CONFIGURATION, byteCount: MemoryLayout<_URB_SELECT_CONFIGURATION>.size
        ) { unsafe usb.run($0) }
        guard status >= 0 else { throw Refusal(status) }
    }

    private final func leaveInterfaces() {
        for interface in interfaces { interface.leave() }
        unsafe configurationHandle = nil
    }

    /// STATUS_INVALID_DEVICE_STATE: the device is closed.
    final func requireOpen() throws(Refusal) {
        let state = state
        guard state == WdfIoTargetStarted || state == WdfIoTargetStopped || state == WdfIoTargetPurged else {
            throw Refusal(.invalidDeviceState)
        }
    }
}

extension UsbInterfaceObject {
    /// Selects the setting that a block describes, unless it is selected. The pipes that there were end first, and do not
    /// come back when the selection fails.
    final func select(_ block: PURB, _ attributes: ObjectAttributes) throws(Refusal) {
        let wanted = try unsafe SelectedInterface.only(inSetting: block)
        guard setting != wanted.alternate else { return }
        guard let usbDevice else { throw Refusal(.invalidDeviceState) }
        try usbDevice.requireOpen()
        leave()
        let status = unsafe usbDevice.usb.run(block)
        guard status >= 0 else { throw Refusal(status) }
        try adopt(wanted, attributes)
    }

    /// Selects a setting that has so many endpoints.
    final func select(_ number: UInt8, endpointCount: Int, _ attributes: ObjectAttributes) throws(Refusal) {
        guard let usbDevice else { throw Refusal(.invalidDeviceState) }
        let recordOffset = unsafe MemoryLayout<_URB_SELECT_INTERFACE>.offset(of: \.Interface) ?? 0
        let pipesOffset = unsafe MemoryLayout<USBD_INTERFACE_INFORMATION>.offset(of: \.Pipes) ?? 0
        let recordSize = unsafe pipesOffset + endpointCount * MemoryLayout<USBD_PIPE_INFORMATION>.stride
        let byteCount = recordOffset + recordSize
        let memory = unsafe UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(byteCount, MemoryLayout<_URB_SELECT_INTERFACE>.size), alignment: 8)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        guard let start = memory.baseAddress else { throw Refusal(.insufficientResources) }
        // Sound: as large as a block with so many pipes.
        let view = unsafe start.assumingMemoryBound(to: _URB_SELECT_INTERFACE.self)
        unsafe view.pointee.Hdr.Length = USHORT(byteCount)
        unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_SELECT_INTERFACE)
        unsafe view.pointee.ConfigurationHandle = unsafe usbDevice.configurationHandle
        unsafe view.pointee.Interface.Length = USHORT(recordSize)
        unsafe view.pointee.Interface.InterfaceNumber = self.number
        unsafe view.pointee.Interface.AlternateSetting = number
        unsafe view.pointee.Interface.NumberOfPipes = ULONG(endpointCount)
        unsafe try select(start.assumingMemoryBound(to: URB.self), attributes)
    }
}
