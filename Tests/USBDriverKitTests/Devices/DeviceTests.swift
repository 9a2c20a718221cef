// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Devices and interfaces")
struct DeviceTests {
    // MARK: Finding

    @Test("a device is found by its name, and is one object for all")
    func matching() throws {
        try Dext.run { dext in
            #expect(IOUSBHostDevice.matching("1209:0001") === dext.device)
            var device: IOUSBHostDevice?
            for (name, status) in [
                ("1209:0003", kIOReturnNotFound), ("1209:0001:X", kIOReturnNotFound), ("", kIOReturnBadArgument),
                ("1209", kIOReturnBadArgument), ("1209:", kIOReturnBadArgument), ("1209:00001", kIOReturnBadArgument),
                ("+209:0001", kIOReturnBadArgument), ("1209:0001:", kIOReturnBadArgument),
            ] {
                #expect(IOUSBHostDevice.CopyMatching(name: name, device: &device) == status, "\(name)")
                #expect(device == nil)
            }
        }
    }

    // MARK: Sessions

    @Test("a device has one session, and an interface one")
    func exclusivity() throws {
        try Dext.run { dext in
            let other = IOService()
            #expect(dext.device.Open(forClient: other) == kIOReturnExclusiveAccess)
            #expect(dext.device.Open(forClient: dext) == kIOReturnExclusiveAccess)
            #expect(dext.device.Close(forClient: other) == kIOReturnNotOpen)
            #expect(dext.device.Close(forClient: dext) == kIOReturnSuccess)
            #expect(dext.device.Close(forClient: dext) == kIOReturnNotOpen)
            #expect(dext.device.Open(forClient: other) == kIOReturnSuccess)
            #expect(dext.device.Close(forClient: other) == kIOReturnSuccess)

            let interface = dext.interfaces[0]
            #expect(interface.Open(forClient: other) == kIOReturnExclusiveAccess)
            #expect(interface.Close(forClient: other) == kIOReturnNotOpen)
            #expect(interface.Close(forClient: dext) == kIOReturnSuccess)
            #expect(interface.Open(forClient: other) == kIOReturnSuccess)
            #expect(interface.Open(forClient: dext) == kIOReturnExclusiveAccess)
            #expect(interface.Close(forClient: other) == kIOReturnSuccess)
        }
    }

    @Test("the session of a client that has gone is over")
    func clientGone() throws {
        try Dext.run { dext in
            let interface = dext.interfaces[0]
            #expect(interface.Close(forClient: dext) == kIOReturnSuccess)
            do {
                let other = IOService()
                #expect(interface.Open(forClient: other) == kIOReturnSuccess)
                withExtendedLifetime(other) {}
            }
            #expect(interface.Open(forClient: dext) == kIOReturnSuccess)
        }
    }

    @Test("nothing goes without a session")
    func notOpen() throws {
        try Dext.run { dext in
            let interface = dext.interfaces[0]
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<End>(dext)
            #expect(
                pipe.AsyncIO(
                    dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: dext.action(ends),
                    completionTimeoutMs: 0) == kIOReturnSuccess)
            #expect(interface.Close(forClient: dext) == kIOReturnSuccess)
            // Closing ends what was under way.
            #expect(ends.wait() == [End(status: kIOReturnAborted)])
            #expect(try dext.pipeStatus(pipe) == kIOReturnNoDevice)
            var found: IOUSBHostPipe?
            var count: UInt16 = 0
            #expect(interface.CopyPipe(address: DextDevice.bulkIn, pipe: &found) == kIOReturnNotOpen)
            #expect(interface.SelectAlternateSetting(bAlternateSetting: 0) == kIOReturnNotOpen)
            #expect(
                interface.DeviceRequest(
                    bmRequestType: 0x40, bRequest: 1, wValue: 0, wIndex: 0, wLength: 0, dataBuffer: nil,
                    bytesTransferred: &count, completionTimeoutMs: 0) == kIOReturnNotOpen)
            #expect(interface.Open(forClient: dext) == kIOReturnSuccess)
            #expect(try dext.pipe(DextDevice.bulkIn) !== pipe)
        }
    }

    @Test("an interface can be opened with an alternate setting")
    func openWithSetting() throws {
        try Dext.run { dext in
            let interface = dext.interfaces[1]
            #expect(interface.Close(forClient: dext) == kIOReturnSuccess)
            #expect(
                interface.Open(forClient: dext, options: kOpenOptionsSelectAlternateInterface, arg: 9)
                    == kIOReturnNotFound)
            #expect(interface.Close(forClient: dext) == kIOReturnNotOpen)
            #expect(
                interface.Open(forClient: dext, options: kOpenOptionsSelectAlternateInterface, arg: 1)
                    == kIOReturnSuccess)
            _ = try dext.pipe(DextDevice.isochronousOut)
        }
    }

    // MARK: Interfaces

    @Test("an iterator gives each interface once, and then nil; the same objects each time")
    func iterators() throws {
        try Dext.run { dext in
            var iterator: UInt = 0
            #expect(dext.device.CreateInterfaceIterator(ref: &iterator) == kIOReturnSuccess)
            var found: [IOUSBHostInterface] = []
            for _ in 0..<3 {
                var interface: IOUSBHostInterface?
                #expect(dext.device.CopyInterface(ref: iterator, interface: &interface) == kIOReturnSuccess)
                if let interface { found.append(interface) }
            }
            #expect(found.count == 2 && found[0] === dext.interfaces[0] && found[1] === dext.interfaces[1])
            #expect(dext.device.DestroyInterfaceIterator(ref: iterator) == kIOReturnSuccess)
            #expect(dext.device.DestroyInterfaceIterator(ref: iterator) == kIOReturnBadArgument)
            var none: IOUSBHostInterface?
            #expect(dext.device.CopyInterface(ref: iterator, interface: &none) == kIOReturnBadArgument)
            var device: IOUSBHostDevice?
            #expect(found[1].CopyDevice(device: &device) == kIOReturnSuccess && device === dext.device)
        }
    }

    @Test("another configuration, and a reset, terminate the interfaces and their pipes")
    func termination() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            let ends = Ends<End>(dext)
            #expect(
                pipe.AsyncIO(
                    dataBuffer: try dext.buffer(count: 8), dataBufferLength: 8, completion: dext.action(ends),
                    completionTimeoutMs: 0) == kIOReturnSuccess)
            #expect(
                dext.device.SetConfiguration(bConfigurationValue: 1, matchInterfaces: true) == kIOReturnSuccess)
            #expect(ends.wait() == [End(status: kIOReturnAborted)])
            #expect(try dext.pipeStatus(pipe) == kIOReturnNoDevice)
            #expect(dext.interfaces[0].Open(forClient: dext) == kIOReturnNoDevice)
            #expect(
                dext.device.SetConfiguration(bConfigurationValue: 9, matchInterfaces: true) == kIOReturnNotFound)

            #expect(dext.device.Reset() == kIOReturnSuccess)
            #expect(dext.device.Open(forClient: dext) == kIOReturnNoDevice)
            var status: UInt32 = 0
            #expect(dext.device.GetPortStatus(portStatus: &status) == kIOReturnNoDevice)
            let again = try #require(IOUSBHostDevice.matching(DextDevice.name))
            #expect(again !== dext.device)
            #expect(again.Open(forClient: dext) == kIOReturnSuccess)
            #expect(again.Close(forClient: dext) == kIOReturnSuccess)
        }
    }

    // MARK: Facts

    @Test(
        "speed and port are the device's",
        arguments: [(Speed.full, 1), (.high, 3), (.superSpeed, 4)] as [(Speed, UInt8)])
    func speed(_ speed: Speed, _ number: UInt8) throws {
        try Dext.run(DextDevice.Layout(speed: speed, packetSize: 100)) { (dext) throws in
            var found: UInt8 = 0
            var port: UInt32 = 0
            #expect(dext.device.GetSpeed(speed: &found) == kIOReturnSuccess && found == number)
            #expect(try dext.pipe(DextDevice.bulkIn).GetSpeed(speed: &found) == kIOReturnSuccess && found == number)
            #expect(dext.interfaces[0].GetPortStatus(portStatus: &port) == kIOReturnSuccess)
            #expect(port == UInt32(number) << 8 | 1 << 12)
            #expect(dext.device.GetAddress(address: &found) == kIOReturnSuccess && (1...127).contains(found))
        }
    }

    @Test("19: frames are of a millisecond, and microframes an eighth; time stamps lie where they were taken")
    func frames() throws {
        try Dext.run(flow: .manual) { dext in
            var (frame, time, microframe, microtime) = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
            dext.bus.advance(by: .microseconds(1_300))
            let interface = dext.interfaces[0]
            #expect(interface.GetFrameNumber(frameNumber: &frame, theTime: &time) == kIOReturnSuccess)
            #expect(interface.CurrentMicroframe(microframe: &microframe, time: &microtime) == kIOReturnSuccess)
            #expect(microframe / 8 == frame && microtime == time && time == mach_absolute_time())
            #expect(dext.device.ReferenceMicroframe(microframe: &microframe, time: &microtime) == kIOReturnSuccess)
            // This one's time is that of its beginning.
            #expect(microtime % 125_000 == 0 && microtime <= time && time - microtime < 125_000)
            let (firstFrame, firstReference) = (frame, (microframe, microtime))
            dext.bus.advance(by: .seconds(70))
            #expect(dext.device.GetFrameNumber(frameNumber: &frame, theTime: &time) == kIOReturnSuccess)
            #expect(frame == firstFrame + 70_000)
            #expect(interface.ReferenceMicroframe(microframe: &microframe, time: &microtime) == kIOReturnSuccess)
            #expect((microframe - firstReference.0) * 125_000 == microtime - firstReference.1)
        }
    }

    @Test("the unit of time is the nanosecond")
    func timebase() {
        var base = mach_timebase_info_data_t()
        #expect(mach_timebase_info(&base) == kIOReturnSuccess)
        #expect(base.numer == 1 && base.denom == 1)
    }

    // MARK: Descriptors

    @Test("descriptors are the device's, copied for the caller")
    func descriptors() throws {
        try Dext.run { dext in
            let device = try unsafe #require(dext.device.CopyDeviceDescriptor())
            #expect(unsafe device.pointee.idVendor == 0x1209 && device.pointee.idProduct == 1)
            #expect(unsafe device.pointee.bLength == 18)
            unsafe IOUSBHostFreeDescriptor(device)
            let string = try unsafe #require(dext.device.CopyStringDescriptor(index: 2))
            #expect(unsafe string.pointee.bLength == 10 && string.pointee.bDescriptorType == 3)
            #expect(unsafe string.pointee.bString == UInt8(ascii: "D"))
            unsafe IOUSBHostFreeDescriptor(string)
            #expect(unsafe dext.device.CopyStringDescriptor(index: 9) == nil)
            #expect(unsafe dext.device.CopyCapabilityDescriptors() == nil)
            #expect(unsafe dext.device.CopyConfigurationDescriptor(index: 1) == nil)
            #expect(unsafe dext.device.CopyConfigurationDescriptorWithValue(configurationValue: 9) == nil)
            #expect(unsafe dext.device.CopyConfigurationDescriptor(forClient: IOService()) == nil)
            let copies = unsafe [
                dext.device.CopyConfigurationDescriptor(index: 0),
                dext.device.CopyConfigurationDescriptorWithValue(configurationValue: 1),
                dext.device.CopyConfigurationDescriptor(forClient: dext),
                dext.interfaces[0].CopyConfigurationDescriptor(),
            ]
            for index in 0..<4 {
                let configuration = try unsafe #require(copies[index])
                #expect(unsafe configuration.pointee.bNumInterfaces == 2)
                unsafe IOUSBHostFreeDescriptor(configuration)
            }
        }
    }

    @Test("an interface's descriptor is that of its setting, inside the copy; its endpoints are walked through there")
    func interfaceDescriptor() throws {
        try Dext.run { dext in
            let configuration = try unsafe #require(dext.interfaces[1].CopyConfigurationDescriptor())
            defer { unsafe IOUSBHostFreeDescriptor(configuration) }
            let interface = try unsafe #require(
                dext.interfaces[1].GetInterfaceDescriptor(configurationDescriptor: configuration))
            #expect(unsafe interface.pointee.bInterfaceNumber == 1 && interface.pointee.bAlternateSetting == 1)
            var addresses: [UInt8] = []
            var next = unsafe IOUSBGetNextEndpointDescriptor(configuration, interface, nil)
            while let endpoint = unsafe next {
                unsafe addresses.append(IOUSBGetEndpointAddress(endpoint))
                #expect(unsafe IOUSBGetEndpointType(endpoint) == UInt8(kIOUSBEndpointTypeIsochronous))
                let header = unsafe UnsafeRawPointer(endpoint).assumingMemoryBound(to: IOUSBDescriptorHeader.self)
                unsafe next = IOUSBGetNextEndpointDescriptor(configuration, interface, header)
            }
            #expect(addresses == [DextDevice.isochronousOut, DextDevice.isochronousIn])
            #expect(unsafe dext.interfaces[1].GetInterfaceDescriptor(configurationDescriptor: nil) == nil)
        }
    }

    @Test("CopyDescriptor writes no more than there is room for")
    func copyDescriptor() throws {
        try Dext.run { dext in
            var bytes = [UInt8](repeating: 0xEE, count: 20)
            var length: UInt16 = 8
            let status = unsafe dext.device.CopyDescriptor(
                type: 1, length: &length, index: 0, languageID: 0, requestType: 0, requestRecipient: 0,
                descriptor: &bytes)
            #expect(status == kIOReturnSuccess && length == 8)
            #expect(bytes[0] == 18 && bytes[8] == 0xEE)
            length = 20
            let missing = unsafe dext.device.CopyDescriptor(
                type: 0x21, length: &length, index: 0, languageID: 0, requestType: 1, requestRecipient: 1,
                descriptor: &bytes)
            #expect(missing == kUSBHostReturnPipeStalled)
        }
    }
}
