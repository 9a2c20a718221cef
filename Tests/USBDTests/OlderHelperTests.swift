// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBD
import USBRequests
import VirtualUSB

@Suite("older helpers")
struct OlderHelperTests {
    @Test("a block with the first setting of every interface, from the pool, selects the configuration")
    func createRequest() throws {
        try Driver.run(GadgetZero()) { driver, _ in
            try unsafe driver.withConfiguration { configuration, _ in
                var size: USHORT = 0
                let block = unsafe try #require(unsafe USBD_CreateConfigurationRequest(configuration, &size))
                // A header, two pointers, and an interface with two pipes.
                #expect(size == 40 + 24 + 2 * 24)
                let memory = UnsafeMutableRawPointer(block)
                let interface = unsafe (memory + 40).assumingMemoryBound(to: USBD_INTERFACE_INFORMATION.self)
                #expect(unsafe interface.pointee.NumberOfPipes == 2 && interface.pointee.Length == 72)
                let request = PendingBlock { _ in }
                #expect(unsafe driver.target.submit(block, as: request) == 0)
                unsafe driver.learn(interface)
                #expect(unsafe driver.pipes.count == 2)
                unsafe ExFreePool(block)
                #expect(unsafe USBD_CreateConfigurationRequest(nil, &size) == nil)
                #expect(size == 0)
                #expect(unsafe USBD_CreateConfigurationRequestEx(configuration, nil) == nil)
            }
        }
    }

    @Test("versions, the bus's time, a registry without values")
    func others() throws {
        try Driver.run(GadgetZero()) { driver, _ in
            var version = USBD_VERSION_INFORMATION()
            unsafe USBD_GetUSBDIVersion(&version)
            #expect(version.USBDI_Version == 0x600 && version.Supported_USB_Version == 0x300)
            var frame: ULONG = 0
            #expect(unsafe USBD_QueryBusTime(driver.target.pointer, &frame) == 0)
            let now = try driver.frame()
            #expect(frame == now)
            #expect(unsafe USBD_QueryBusTime(nil, &frame) == STATUS_INVALID_PARAMETER)
            var value: ULONG = 0
            var name = "Name".unicodeScalars.map { WCHAR(bitPattern: $0.value) } + [0]
            #expect(
                unsafe USBD_GetPdoRegistryParameter(driver.target.pointer, &value, 4, &name, 20)
                    == STATUS_OBJECT_NAME_NOT_FOUND)
            #expect(USBD_GetPdoRegistryParameter(nil, nil, 0, nil, 0) == STATUS_INVALID_PARAMETER)
        }
    }
}
