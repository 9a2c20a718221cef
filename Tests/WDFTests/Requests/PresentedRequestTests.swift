// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("sending presented requests on")
struct PresentedRequestTests {
    /// Asks for the state of the port.
    @safe private final class PortQuestion: PresentedRequest, @unchecked Sendable {
        let bits: UnsafeMutablePointer<ULONG>
        private(set) var ends: [NTSTATUS] = []

        override init(stackLocations: Int) {
            unsafe bits = .allocate(capacity: 1)
            unsafe bits.initialize(to: 0)
            super.init(stackLocations: stackLocations)
        }

        deinit { unsafe bits.deallocate() }

        override func fill(_ packet: PIRP, _ location: PIO_STACK_LOCATION) {
            unsafe location.pointee.MajorFunction = UCHAR(IRP_MJ_INTERNAL_DEVICE_CONTROL)
            unsafe location.pointee.Parameters.Others.Argument1 = UnsafeMutableRawPointer(bits)
            unsafe location.pointee.Parameters.DeviceIoControl.IoControlCode = IOCTL_INTERNAL_USB_GET_PORT_STATUS
        }

        override func forwardedEnded(_ status: NTSTATUS, information: UInt) { ends.append(status) }
    }

    private func make(_ targets: Targets, stackLocations: Int) throws -> (TestRequest, PortQuestion) {
        let object = RequestObject(host: targets.usb.host)
        let question = PortQuestion(stackLocations: stackLocations)
        object.presented = question
        try object.publish(.none, parent: nil)
        return unsafe (TestRequest(targets, try #require(unsafe object.requestHandle)), question)
    }

    @Test("without a free stack location a request is not accepted, and cannot be formatted as it came")
    func stackLocations() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let memory = TestMemory(counting(5))
            let part = try memory.part
            let (request, _) = try make(targets, stackLocations: 0)
            #expect(try request.formatWrite(pipe, memory) == NTStatus.requestNotAccepted.rawValue)
            let status = unsafe pipe.call(request.handle, nil, in: "test") { () throws(Refusal) in
                .pipe(pipe, part, isRead: false)
            }
            #expect(status == NTStatus.requestNotAccepted.rawValue)
            let found = BugCheck.intercepting { unsafe WdfRequestFormatRequestUsingCurrentType(request.handle) }
            #expect(found.map { $0.parameters[..<2] } == [[6, 1]])
            request.delete()
            let (other, _) = try make(targets, stackLocations: 1)
            #expect(try other.formatWrite(pipe, memory) == 0)
            #expect(other.send(pipe))
            #expect(other.wait() == 0)
            other.delete()
        }
    }

    @Test("it goes on as it came, and the driver is told of its end")
    func currentType() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, question) = try make(targets, stackLocations: 1)
            for _ in 0..<2 {
                unsafe WdfRequestFormatRequestUsingCurrentType(request.handle)
                #expect(request.send(targets.usbDevice))
                #expect(request.wait() == 0)
                #expect(unsafe question.bits.pointee == 3)
                unsafe question.bits.pointee = 0
            }
            #expect(question.ends.isEmpty)
            request.delete()
        }
    }

    @Test("not without a completion routine, unless the sender waits")
    func noRoutine() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, question) = try make(targets, stackLocations: 1)
            unsafe WdfRequestFormatRequestUsingCurrentType(request.handle)
            #expect(!request.sendAsItIs(targets.usbDevice))
            #expect(request.status == STATUS_INVALID_DEVICE_REQUEST)
            #expect(request.sendAsItIs(targets.usbDevice, flags: WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue))
            #expect(request.status == 0)
            #expect(unsafe question.bits.pointee == 3)
            request.delete()
        }
    }

    @Test("sent and forgotten, it is completed with what became of it; not when it is formatted for something")
    func forget() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let forget = WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET.rawValue
            // That needs no stack location.
            for (locations, formats) in [(0, false), (1, true)] {
                let (request, question) = try make(targets, stackLocations: locations)
                if formats { unsafe WdfRequestFormatRequestUsingCurrentType(request.handle) }
                #expect(request.sendAsItIs(targets.usbDevice, flags: forget))
                #expect(question.ends == [0])
                #expect(unsafe question.bits.pointee == 3)
                request.delete()
            }
            let pipe = try targets.pipe(TargetDevice.bulkOut)
            let memory = TestMemory(counting(5))
            let (request, question) = try make(targets, stackLocations: 1)
            #expect(try request.formatWrite(pipe, memory) == 0)
            #expect(!request.sendAsItIs(pipe, flags: forget))
            #expect(request.status == STATUS_INVALID_DEVICE_REQUEST)
            #expect(question.ends.isEmpty)
            request.delete()
        }
    }

    @Test("another packet is not for it: STATUS_WDF_REQUEST_INVALID_STATE")
    func newPacket() throws {
        try Targets.run(TargetDevice()) { targets, _ in
            let (request, _) = try make(targets, stackLocations: 1)
            var parameters = unsafe WDF_REQUEST_REUSE_PARAMS()
            unsafe WDF_REQUEST_REUSE_PARAMS_INIT(&parameters, 0, 0)
            unsafe WDF_REQUEST_REUSE_PARAMS_SET_NEW_IRP(&parameters, nil)
            #expect(unsafe WdfRequestReuse(request.handle, &parameters) == STATUS_WDF_REQUEST_INVALID_STATE)
            request.delete()
        }
    }
}
