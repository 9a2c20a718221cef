// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing
import USB
import USBHost
import VirtualUSB
import Win32

@testable import WDF

@Suite("The harness")
struct HarnessTests {
    // MARK: Devices

    @Test(
        "A device is found by its numbers, and by its serial number",
        arguments: [
            ("0525:a4a0", UInt32(0)), ("525:A4A0", 0), ("0525:a4a0:0123456789.0123456789.0123456789", 0),
            ("0525:a4a0:other", 0xC000_000E), ("1209:0003", 0xC000_000E), ("0525", 0xC000_000D),
            ("", 0xC000_000D), ("0525:xyz", 0xC000_000D), ("0525:a4a0/0", 0xC000_000D), ("0525:a4a0:", 0xC000_000D),
        ] as [(String, UInt32)])
    func names(name: String, status: UInt32) throws {
        let bus = VirtualBus(flow: .manual, seed: 0, driver: .caller)
        _ = try bus.attach(GadgetZero())
        ProcessHost.withHost(bus) {
            var device: WDFDEVICE?
            let answer = unsafe SwiftUsbOpenTarget(name, &device, nil)
            #expect(UInt32(bitPattern: answer) == status)
            #expect(unsafe (device != nil) == (status == 0))
            if unsafe device != nil { unsafe SwiftUsbCloseTarget(device) }
        }
    }

    @Test("Without a name it is the first device; a bus may have none")
    func first() throws {
        let bus = VirtualBus(flow: .manual, seed: 0, driver: .caller)
        ProcessHost.withHost(bus) {
            var device: WDFDEVICE?
            #expect(unsafe SwiftUsbOpenTarget(nil, &device, nil) == STATUS_NO_SUCH_DEVICE)
            #expect(SwiftUsbOpenTarget(nil, nil, nil) == STATUS_INVALID_PARAMETER)
        }
        _ = try bus.attach(GadgetZero())
        ProcessHost.withHost(bus) {
            var device: WDFDEVICE?
            var usb: WDFUSBDEVICE?
            #expect(unsafe SwiftUsbOpenTarget(nil, &device, &usb) == 0)
            var descriptor = USB_DEVICE_DESCRIPTOR()
            unsafe WdfUsbTargetDeviceGetDeviceDescriptor(usb, &descriptor)
            #expect(descriptor.idVendor == 0x0525)
            unsafe SwiftUsbCloseTarget(device)
            let checks = BugCheck.intercepting { unsafe SwiftUsbCloseTarget(device) }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
        }
    }

    @Test("A device has its own device object, and the bus's below, and one target")
    func deviceObjects() throws {
        try QueueDriver.run { driver in
            let own = unsafe WdfDeviceWdmGetDeviceObject(driver.device)
            let below = unsafe WdfDeviceWdmGetAttachedDevice(driver.device)
            #expect(unsafe own != nil && below != nil && own != below)
            #expect(unsafe own?.pointee.StackSize == (below?.pointee.StackSize ?? 0) + 1)
            let target = unsafe WdfDeviceGetIoTarget(driver.device)
            #expect(unsafe target != nil)
            #expect(unsafe WdfDeviceGetIoTarget(driver.device) == target)
            #expect(unsafe WdfIoTargetGetDevice(target) == driver.device)
            #expect(unsafe WdfIoTargetWdmGetTargetDeviceObject(target) == below)
        }
    }

    // MARK: Requests

    @Test("A request that cannot be is refused, and nobody is told of an end")
    func refusals() throws {
        try QueueDriver.run { driver in
            unsafe #expect(driver.present(outputCount: 1).answer == STATUS_INVALID_DEVICE_REQUEST)
            unsafe try driver.queue {
                unsafe $0.EvtIoDefault = nil
                unsafe $0.EvtIoWrite = nil
            }
            let write = unsafe driver.present(WdfRequestTypeWrite, input: [1])
            #expect(write.answer == STATUS_INVALID_DEVICE_REQUEST)
            #expect(write.status == nil)
            #expect(write.token == 0)
            unsafe #expect(driver.present(WdfRequestTypeCreate).answer == STATUS_INVALID_PARAMETER)
            #expect(unsafe SwiftUsbPresent(driver.device, nil, nil, nil, nil) == STATUS_INVALID_PARAMETER)
            #expect(unsafe SwiftUsbPresentRead(driver.device, nil, nil, 1, nil) == STATUS_INVALID_PARAMETER)
            #expect(SwiftUsbCancelRequest(0) == 0)
            #expect(SwiftUsbCancelRequest(0x1234) == 0)
        }
    }

    @Test("The program is told on the thread that completes, at that thread's level")
    func completionLevel() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            var level: UInt8?
            unsafe driver.present(outputCount: 1) { _ in level = KeGetCurrentIrql() }
            let request = unsafe try driver.request()
            InterruptLevel.atDispatch { unsafe complete(request) }
            #expect(level == 2)
        }
    }

    @Test("Callbacks come at the level of whoever presents, but for queues that want PASSIVE_LEVEL or keep them apart")
    func levels() throws {
        try QueueDriver.run(flow: .free) { driver in
            let plain = unsafe try driver.queue()
            let passive = unsafe try driver.queue(isDefault: false, level: WdfExecutionLevelPassive)
            let apart = unsafe try driver.queue(isDefault: false, scope: WdfSynchronizationScopeQueue)
            #expect(unsafe WdfDeviceConfigureRequestDispatching(driver.device, passive, WdfRequestTypeWrite) == 0)
            #expect(unsafe WdfDeviceConfigureRequestDispatching(driver.device, apart, WdfRequestTypeDeviceControl) == 0)
            unsafe driver.whenCalled { _, call in unsafe complete(call.request) }
            var outcomes = unsafe [driver.present(outputCount: 1), driver.present(WdfRequestTypeDeviceControl)]
            InterruptLevel.atDispatch {
                unsafe outcomes.append(driver.present(outputCount: 1))
                unsafe outcomes.append(driver.present(WdfRequestTypeWrite, input: [1]))
            }
            for outcome in outcomes { #expect(outcome.wait() == 0) }
            #expect(driver.calls().map(\.level) == [0, 2, 2, 0])
            #expect(unsafe WdfIoQueueGetDevice(plain) == driver.device)
        }
    }

    @Test("A queue that wants PASSIVE_LEVEL cannot have the device's scope, whose level is another")
    func constraints() throws {
        try QueueDriver.run { driver in
            var config = unsafe QueueDriver.config(WdfIoQueueDispatchParallel)
            var attributes = unsafe WDF_OBJECT_ATTRIBUTES()
            unsafe WDF_OBJECT_ATTRIBUTES_INIT(&attributes)
            unsafe attributes.ExecutionLevel = WdfExecutionLevelPassive
            unsafe attributes.SynchronizationScope = WdfSynchronizationScopeDevice
            var queue: WDFQUEUE?
            #expect(unsafe WdfIoQueueCreate(driver.device, &config, &attributes, &queue) == STATUS_INVALID_PARAMETER)
            #expect(unsafe WdfDeviceGetDefaultQueue(driver.device) == nil)
        }
    }

    @Test("Callbacks of queues of the device's scope are never called at the same time, nor one within the other")
    func deviceScope() throws {
        try QueueDriver.run(flow: .free) { driver in
            unsafe try driver.queue(WdfIoQueueDispatchParallel, scope: WdfSynchronizationScopeDevice)
            let writes = unsafe try driver.queue(
                WdfIoQueueDispatchParallel, isDefault: false, scope: WdfSynchronizationScopeDevice)
            #expect(unsafe WdfDeviceConfigureRequestDispatching(driver.device, writes, WdfRequestTypeWrite) == 0)
            let counter = Inside()
            unsafe driver.whenCalled { _, call in
                counter.enter()
                if call.kind == .read { unsafe driver.present(WdfRequestTypeWrite, input: [1]) }
                counter.leave()
                unsafe complete(call.request)
            }
            let others = (0..<3).map { _ in Presenter(driver) }
            for other in others { other.start() }
            for _ in 0..<200 { unsafe driver.present(outputCount: 1) }
            for other in others { other.wait() }
            // What is left to another thread's turn ends there.
            for _ in 0..<1600 { driver.waitForCall() }
            #expect(counter.most == 1)
            #expect(driver.calls().count == 1600)
        }
    }

    @Test("The calls that wait return what the driver has completed with")
    func waiting() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            unsafe driver.whenCalled { _, call in
                var start: PVOID?
                if call.output > 0 {
                    _ = unsafe WdfRequestRetrieveOutputBuffer(call.request, 0, &start, nil)
                    unsafe start?.storeBytes(of: 0x42, as: UInt8.self)
                }
                unsafe complete(call.request, call.kind == .write ? STATUS_UNSUCCESSFUL : 0, 1)
            }
            var bytes: [UInt8] = [1, 2]
            var information = 0
            #expect(unsafe SwiftUsbPresentRead(driver.device, nil, &bytes, 2, &information) == 0)
            #expect(bytes == [0x42, 2])
            #expect(information == 1)
            #expect(unsafe SwiftUsbPresentWrite(driver.device, nil, &bytes, 2, nil) == STATUS_UNSUCCESSFUL)
            var output: [UInt8] = [0, 0]
            #expect(
                unsafe SwiftUsbPresentControl(driver.device, nil, 0x22_2000, &bytes, 2, &output, 2, &information) == 0)
            #expect(output == [0x42, 0])
        }
    }

    @Test("On a clock that moves by hand a request that nothing can complete is given back as such")
    func neverCompleted() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            var byte: UInt8 = 0
            #expect(
                unsafe SwiftUsbPresentRead(driver.device, nil, &byte, 1, nil) == NTSTATUS(bitPattern: 0xC000_0194))
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestIsCanceled(request) == 1)
            unsafe complete(request, STATUS_CANCELLED)
        }
    }

    @Test("A request has the file object that it was presented with")
    func files() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            var file: WDFFILEOBJECT?
            #expect(unsafe SwiftUsbCreateFile(driver.device, nil, "PIPE00", &file) == 0)
            unsafe driver.present(outputCount: 1, file: file)
            let request = unsafe try driver.request()
            #expect(unsafe WdfRequestGetFileObject(request) == file)
            #expect(unsafe WdfFileObjectGetDevice(file) == driver.device)
            #expect(unsafe WdfFileObjectGetFileName(file).pointee.Length == 6 * USHORT(MemoryLayout<WCHAR>.size))
            unsafe complete(request)
            unsafe driver.present(outputCount: 1)
            let other = unsafe try driver.request()
            #expect(unsafe WdfRequestGetFileObject(other) == nil)
            unsafe complete(other)
            let checks = BugCheck.intercepting {
                unsafe driver.present(
                    outputCount: 1, file: WDFFILEOBJECT(bitPattern: UInt(bitPattern: driver.device)))
            }
            #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 5]])
            unsafe WdfObjectDelete(file)
            #expect(unsafe SwiftUsbCreateFile(driver.device, nil, nil, nil) == STATUS_INVALID_PARAMETER)
        }
    }

    // MARK: Closing

    @Test("Closing cancels what waits, tells the driver, and waits for it")
    func closing() throws {
        try QueueDriver.run(flow: .free) { driver in
            unsafe try driver.queue()
            let outcomes = (0..<2).map { _ in unsafe driver.present(outputCount: 1) }
            let completer = unsafe Completer(unsafe try driver.request(), on: driver.bus)
            unsafe driver.whenCalled { _, call in
                if call.kind == .stop { completer.start() }
            }
            driver.close()
            completer.wait()
            #expect(outcomes.map(\.status) == [0, STATUS_CANCELLED])
        }
    }

    @Test("A callback that closes its device is a bug check")
    func closingWithin() throws {
        try QueueDriver.run { driver in
            unsafe try driver.queue()
            unsafe driver.whenCalled { _, call in
                let checks = BugCheck.intercepting { unsafe SwiftUsbCloseTarget(driver.device) }
                #expect(checks.map { [$0.code, UInt32($0.parameters[0])] } == [[0x10D, 0xA]])
                unsafe complete(call.request)
            }
            unsafe #expect(driver.present(outputCount: 1).status == 0)
        }
    }
}

/// How many threads are somewhere at the same time.
private final class Inside: @unchecked Sendable {
    private let lock = Lock()
    private var count = 0
    private(set) var most = 0

    func enter() {
        lock.withLock {
            count += 1
            most = max(most, count)
        }
    }

    func leave() { lock.withLock { count -= 1 } }
}

/// Presents reads on a thread of its own.
private final class Presenter: @unchecked Sendable {
    private let driver: QueueDriver
    private let isDone: BusEvent

    init(_ driver: QueueDriver) {
        self.driver = driver
        isDone = BusEvent(on: driver.bus.executor)
    }

    func start() {
        startThread(name: "presenter") { [self] in
            ProcessHost.withHost(driver.bus) {
                let outcomes = (0..<200).map { _ in unsafe driver.present(outputCount: 1) }
                for outcome in outcomes { outcome.wait() }
            }
            isDone.set()
        }
    }

    func wait() { _ = isDone.wait() }
}
