// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Device requests")
struct DeviceRequestTests {
    @Test("a request moves its data, either way, and counts them")
    func data() throws {
        try Dext.run { dext in
            dext.withDevice { $0.answer = .accepted }
            var count: UInt16 = 99
            let out = try dext.buffer(counting(10))
            #expect(
                dext.device.DeviceRequest(
                    forClient: dext, bmRequestType: 0x40, bRequest: 5, wValue: 6, wIndex: 7, wLength: 10,
                    dataBuffer: out,
                    bytesTransferred: &count, completionTimeout: 0) == kIOReturnSuccess)
            #expect(count == 10)
            let request = try #require(dext.withDevice { $0.requests.map { ($0.setup, $0.bytes) } }.last)
            #expect(request.0.request == 5 && request.0.value == 6 && request.0.index == 7)
            #expect(request.1 == counting(10))
            dext.withDevice { $0.answer = .data([9, 8, 7]) }
            let into = try dext.buffer(count: 16)
            #expect(
                dext.interfaces[0].DeviceRequest(
                    bmRequestType: 0xC0, bRequest: 5, wValue: 0, wIndex: 0, wLength: 16, dataBuffer: into,
                    bytesTransferred: &count, completionTimeoutMs: 0) == kIOReturnSuccess)
            #expect(count == 3 && Array(into.copied.prefix(4)) == [9, 8, 7, 0])
        }
    }

    @Test("what the device refuses, what never ends and what cannot be have codes of their own")
    func failures() throws {
        try Dext.run { (dext) throws in
            var count: UInt16 = 99
            func send(_ type: UInt8, _ request: UInt8, length: UInt16 = 0, _ buffer: IOMemoryDescriptor? = nil)
                -> kern_return_t
            {
                dext.device.DeviceRequest(
                    forClient: dext, bmRequestType: type, bRequest: request, wValue: 0, wIndex: 0, wLength: length,
                    dataBuffer: buffer, bytesTransferred: &count, completionTimeout: 20)
            }
            #expect(send(0x40, 1) == kUSBHostReturnPipeStalled)
            dext.withDevice { $0.answer = .nak }
            #expect(send(0x40, 1) == kIOReturnTimeout)
            dext.withDevice { $0.answer = .accepted }
            // A stall of the control pipe needs no clearing.
            #expect(send(0x40, 1) == kIOReturnSuccess)
            #expect(send(0x40, 1, length: 1) == kIOReturnBadArgument)
            #expect(send(0x40, 1, length: 9, try dext.buffer(count: 8)) == kIOReturnBadArgument)
            // SET_CONFIGURATION, SET_INTERFACE and SET_ADDRESS have methods of their own, or none.
            #expect(send(0x00, 9) == kIOReturnBadArgument)
            #expect(send(0x01, 11) == kIOReturnBadArgument)
            #expect(send(0x00, 5) == kIOReturnBadArgument)
            #expect(count == 0)
            let other = IOService()
            #expect(
                dext.device.DeviceRequest(
                    forClient: other, bmRequestType: 0x40, bRequest: 1, wValue: 0, wIndex: 0, wLength: 0,
                    dataBuffer: nil, bytesTransferred: &count, completionTimeout: 0) == kIOReturnNotOpen)
        }
    }

    @Test("an asynchronous request tells its end once")
    func asynchronous() throws {
        try Dext.run { (dext) throws in
            dext.withDevice { $0.answer = .data([1, 2, 3]) }
            let ends = Ends<End>(dext)
            let action = OSAction.CompleteAsyncDeviceRequest(target: dext) { _, status, count in
                ends.note(End(status: status, count: count))
            }
            func submit(_ client: IOService, _ action: OSAction?, length: UInt16 = 3) throws -> kern_return_t {
                dext.device.AsyncDeviceRequest(
                    forClient: client, bmRequestType: 0xC0, bRequest: 1, wValue: 0, wIndex: 0, wLength: length,
                    dataBuffer: try dext.buffer(count: 3), completion: action, completionTimeout: 0)
            }
            #expect(try submit(dext, action) == kIOReturnSuccess)
            #expect(try submit(IOService(), action) == kIOReturnNotOpen)
            #expect(try submit(dext, action, length: 4) == kIOReturnBadArgument)
            #expect(try submit(dext, nil) == kIOReturnBadArgument)
            #expect(try submit(dext, dext.action(ends)) == kIOReturnBadArgument)
            #expect(try submit(dext, action) == kIOReturnSuccess)
            #expect(ends.wait(for: 2) == [End](repeating: End(status: kIOReturnSuccess, count: 3), count: 2))
        }
    }

    @Test("an abort ends the requests of one client, and not those of another")
    func aborting() throws {
        try Dext.run { dext in
            dext.withDevice { $0.answer = .nak }
            let ends = Ends<End>(dext)
            let others = Ends<End>(dext)
            func action(_ ends: Ends<End>) -> OSAction {
                OSAction.CompleteAsyncDeviceRequest(target: dext) { _, status, count in
                    ends.note(End(status: status, count: count))
                }
            }
            #expect(
                dext.interfaces[0].AsyncDeviceRequest(
                    bmRequestType: 0x40, bRequest: 1, wValue: 0, wIndex: 0, wLength: 0, dataBuffer: nil,
                    completion: action(others), completionTimeoutMs: 0) == kIOReturnSuccess)
            for _ in 0..<3 {
                #expect(
                    dext.device.AsyncDeviceRequest(
                        forClient: dext, bmRequestType: 0x40, bRequest: 2, wValue: 0, wIndex: 0, wLength: 0,
                        dataBuffer: nil, completion: action(ends), completionTimeout: 0) == kIOReturnSuccess)
            }
            #expect(
                dext.device.AbortDeviceRequests(
                    forClient: dext, options: kIOUSBAbortSynchronous, withError: kIOReturnOffline) == kIOReturnSuccess)
            #expect(ends.wait(for: 3) == [End](repeating: End(status: kIOReturnOffline), count: 3))
            #expect(others.all.isEmpty)
            dext.withDevice { $0.answer = .accepted }
            #expect(others.wait() == [End(status: kIOReturnSuccess)])
            var count: UInt16 = 0
            #expect(
                dext.device.DeviceRequest(
                    forClient: dext, bmRequestType: 0x40, bRequest: 3, wValue: 0, wIndex: 0, wLength: 0,
                    dataBuffer: nil,
                    bytesTransferred: &count, completionTimeout: 0) == kIOReturnSuccess)
        }
    }

    @Test("closing the device ends what its client has under way")
    func closing() throws {
        try Dext.run { dext in
            dext.withDevice { $0.answer = .nak }
            let ends = Ends<End>(dext)
            let action = OSAction.CompleteAsyncDeviceRequest(target: dext) { _, status, _ in
                ends.note(End(status: status))
            }
            #expect(
                dext.device.AsyncDeviceRequest(
                    forClient: dext, bmRequestType: 0x40, bRequest: 1, wValue: 0, wIndex: 0, wLength: 0,
                    dataBuffer: nil,
                    completion: action, completionTimeout: 0) == kIOReturnSuccess)
            #expect(dext.device.Close(forClient: dext) == kIOReturnSuccess)
            #expect(ends.wait() == [End(status: kIOReturnAborted)])
        }
    }
}
