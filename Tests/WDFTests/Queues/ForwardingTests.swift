// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("Presented requests sent on")
struct ForwardingTests {
    /// The USB device of a driver, configured, with its pipes.
    @safe struct Pipes {
        var write: WDFUSBPIPE
        var read: WDFUSBPIPE
    }

    private func pipes(_ driver: QueueDriver) throws -> Pipes {
        var parameters = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
        unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(&parameters)
        try #require(unsafe WdfUsbTargetDeviceSelectConfig(driver.usb, nil, &parameters) == 0)
        let interface = unsafe WdfUsbTargetDeviceGetInterface(driver.usb, 0)
        return unsafe Pipes(
            write: try #require(unsafe WdfUsbInterfaceGetConfiguredPipe(interface, 0, nil)),
            read: try #require(unsafe WdfUsbInterfaceGetConfiguredPipe(interface, 1, nil)))
    }

    private func input(_ request: WDFREQUEST?) -> WDFMEMORY? {
        var memory: WDFMEMORY?
        _ = unsafe WdfRequestRetrieveInputMemory(request, &memory)
        return unsafe memory
    }

    @Test("A write is sent on to a pipe by its own request, and completed by the completion routine")
    func ownRequest() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, device in
            let pipes = try pipes(driver)
            unsafe try driver.queue()
            unsafe driver.whenCalled { _, call in
                let status = unsafe WdfUsbTargetPipeFormatRequestForWrite(
                    pipes.write, call.request, input(call.request), nil)
                #expect(status == 0)
                unsafe WdfRequestSetCompletionRoutine(
                    call.request,
                    { request, _, parameters, _ in
                        guard let end = unsafe parameters?.pointee.IoStatus else { return }
                        unsafe WdfRequestCompleteWithInformation(request, end.Status, end.Information)
                    }, nil)
                #expect(unsafe WdfRequestSend(call.request, WdfUsbTargetPipeGetIoTarget(pipes.write), nil) != 0)
            }
            var bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0) }
            for _ in 0..<3 {
                var information = 0
                #expect(unsafe SwiftUsbPresentWrite(driver.device, nil, &bytes, 700, &information) == 0)
                #expect(information == 700)
            }
            #expect(device.withPeripheral { $0.received.flatMap(\.self) } == bytes + bytes + bytes)
        }
    }

    @Test("A request of the driver's own must let go of the memory before the presented one is completed")
    func otherRequest() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, device in
            let pipes = try pipes(driver)
            unsafe try driver.queue()
            let outcome = unsafe driver.present(WdfRequestTypeWrite, input: [1, 2, 3])
            let request = unsafe try driver.request()
            var own: WDFREQUEST?
            try #require(unsafe WdfRequestCreate(nil, nil, &own) == 0)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForWrite(pipes.write, own, input(request), nil) == 0)
            func refused() -> [[UInt]] {
                BugCheck.intercepting { unsafe complete(request) }.map {
                    [UInt($0.code), $0.parameters[0], $0.parameters[2]]
                }
            }
            #expect(refused() == [[0x10D, 3, 1]])
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS.rawValue)
            #expect(unsafe WdfRequestSend(own, WdfUsbTargetPipeGetIoTarget(pipes.write), &options) != 0)
            #expect(unsafe WdfRequestGetStatus(own) == 0)
            #expect(refused() == [[0x10D, 3, 1]])
            #expect(outcome.status == nil)
            unsafe WdfObjectDelete(own)
            unsafe complete(request, 0, 3)
            #expect(outcome.information == 3)
            #expect(device.withPeripheral { $0.received } == [[1, 2, 3]])
        }
    }

    @Test("A request of the driver's own that is the presented one's child goes with it, and lets go of the memory")
    func childRequest() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, _ in
            let pipes = try pipes(driver)
            unsafe try driver.queue()
            let outcome = unsafe driver.present(WdfRequestTypeWrite, input: [1])
            let request = unsafe try driver.request()
            var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
            unsafe attributes.ParentObject = UnsafeMutableRawPointer(request)
            var own: WDFREQUEST?
            try #require(unsafe WdfRequestCreate(&attributes, nil, &own) == 0)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForWrite(pipes.write, own, input(request), nil) == 0)
            unsafe complete(request, 0, 1)
            #expect(outcome.status == 0)
            let checks = BugCheck.intercepting { _ = unsafe WdfRequestGetStatus(own) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
        }
    }

    @Test("The synchronous write with the presented request's memory, as its page describes")
    func synchronousWrite() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, device in
            let pipes = try pipes(driver)
            unsafe try driver.queue()
            unsafe driver.whenCalled { _, call in
                var memory = unsafe WDF_MEMORY_DESCRIPTOR()
                unsafe WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&memory, input(call.request), nil)
                var written: ULONG = 0
                let status = unsafe WdfUsbTargetPipeWriteSynchronously(
                    pipes.write, call.request, nil, &memory, &written)
                unsafe complete(call.request, status, UInt(written))
            }
            var bytes: [UInt8] = [4, 5, 6]
            var information = 0
            #expect(unsafe SwiftUsbPresentWrite(driver.device, nil, &bytes, 3, &information) == 0)
            #expect(information == 3)
            #expect(device.withPeripheral { $0.received } == [[4, 5, 6]])
        }
    }

    @Test("A request without a stack location left cannot be sent on")
    func stackLocations() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, _ in
            let pipes = try pipes(driver)
            unsafe try driver.queue(WdfIoQueueDispatchParallel)
            StackLocations.with(0) { _ = unsafe driver.present(WdfRequestTypeWrite, input: [1]) }
            StackLocations.with(1) { _ = unsafe driver.present(WdfRequestTypeWrite, input: [1]) }
            unsafe driver.present(WdfRequestTypeWrite, input: [1])
            let statuses = driver.calls().map { call in
                let status = unsafe WdfUsbTargetPipeFormatRequestForWrite(
                    pipes.write, call.request, input(call.request), nil)
                unsafe complete(call.request)
                return status
            }
            #expect(statuses == [STATUS_REQUEST_NOT_ACCEPTED, 0, 0])
        }
    }

    @Test("What is with a target is not the driver's to complete or to forward, and a program's cancel ends it there")
    func cancelWhileSent() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, device in
            let pipes = try pipes(driver)
            unsafe try driver.queue()
            let other = unsafe try driver.queue(isDefault: false)
            let outcome = unsafe driver.present(outputCount: 512)
            let request = unsafe try driver.request()
            var memory: WDFMEMORY?
            #expect(unsafe WdfRequestRetrieveOutputMemory(request, &memory) == 0)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(pipes.read, request, memory, nil) == 0)
            unsafe WdfRequestSetCompletionRoutine(
                request,
                { request, _, parameters, _ in
                    guard let end = unsafe parameters?.pointee.IoStatus else { return }
                    unsafe WdfRequestCompleteWithInformation(request, end.Status, end.Information)
                }, nil)
            #expect(unsafe WdfRequestSend(request, WdfUsbTargetPipeGetIoTarget(pipes.read), nil) != 0)
            let checks = BugCheck.intercepting { unsafe complete(request) }
            #expect(checks.map { [$0.code] + $0.parameters.prefix(2).map { UInt32($0) } } == [[0x10D, 6, 3]])
            #expect(unsafe WdfRequestForwardToIoQueue(request, other) == STATUS_INVALID_DEVICE_REQUEST)
            #expect(outcome.status == nil)
            #expect(outcome.cancel())
            #expect(outcome.wait() == STATUS_CANCELLED)
            #expect(!outcome.cancel())
        }
    }

    @Test("Sent on to be forgotten, a request is completed with what becomes of it")
    func forgotten() throws {
        try QueueDriver.run(TargetDevice(), withUsb: true) { driver, device in
            let pipes = try pipes(driver)
            unsafe try driver.queue(WdfIoQueueDispatchSequential)
            let outcomes = (0..<2).map { _ in
                unsafe driver.present(WdfRequestTypeDeviceControlInternal, code: 0x22_0013)
            }
            let request = unsafe try driver.request()
            unsafe WdfRequestFormatRequestUsingCurrentType(request)
            var options = WDF_REQUEST_SEND_OPTIONS()
            unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET.rawValue)
            #expect(unsafe WdfRequestSend(request, WdfUsbTargetPipeGetIoTarget(pipes.write), &options) != 0)
            // The bus does not know the code without a port's bits.
            #expect(outcomes[0].wait() == STATUS_INVALID_PARAMETER)
            unsafe complete(unsafe try driver.request())
            #expect(outcomes[1].status == 0)
        }
    }

    @Test("Closing ends what has been sent, and the completion routine completes the request")
    func closing() throws {
        try QueueDriver.run(TargetDevice(), flow: .free, withUsb: true) { driver, _ in
            let pipes = try pipes(driver)
            unsafe try driver.queue()
            let outcome = unsafe driver.present(outputCount: 512)
            let request = unsafe try driver.request()
            var memory: WDFMEMORY?
            #expect(unsafe WdfRequestRetrieveOutputMemory(request, &memory) == 0)
            #expect(unsafe WdfUsbTargetPipeFormatRequestForRead(pipes.read, request, memory, nil) == 0)
            unsafe WdfRequestSetCompletionRoutine(
                request,
                { request, _, parameters, _ in
                    unsafe WdfRequestComplete(request, parameters?.pointee.IoStatus.Status ?? 0)
                }, nil)
            #expect(unsafe WdfRequestSend(request, WdfUsbTargetPipeGetIoTarget(pipes.read), nil) != 0)
            driver.close()
            #expect(outcome.status == STATUS_CANCELLED)
        }
    }
}
