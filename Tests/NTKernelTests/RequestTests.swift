// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing

/// A device that keeps what it gets, for the test to complete.
@safe private final class KeepingDevice: DeviceObject, @unchecked Sendable {
    var kept: PIRP?

    override func take(_ request: PIRP, _ location: PIO_STACK_LOCATION) -> NTSTATUS {
        unsafe kept = unsafe request
        unsafe Request(request).markPending()
        return 0x103
    }
}

/// What a completion routine saw.
private final class Seen {
    var calls: [String] = []
    var answer: NTSTATUS = 0

    var context: UnsafeMutableRawPointer { unsafe Unmanaged.passUnretained(self).toOpaque() }
    static func of(_ context: PVOID?) -> Seen? {
        unsafe context.map { unsafe Unmanaged<Seen>.fromOpaque($0).takeUnretainedValue() }
    }
}

@Suite("requests")
struct RequestTests {
    @Test("a request goes down by one location, and its completion comes up at DISPATCH_LEVEL")
    func completion() throws {
        let device = KeepingDevice()
        let seen = Seen()
        seen.answer = STATUS_MORE_PROCESSING_REQUIRED
        let irp = unsafe try #require(unsafe IoAllocateIrp(device.pointer.pointee.StackSize, 0))
        unsafe IoSetCompletionRoutine(
            irp,
            { device, irp, context in
                let seen = unsafe Seen.of(unsafe context)
                let status = unsafe irp?.pointee.IoStatus.Status ?? 0
                seen?.calls.append(
                    "\(status) level \(KeGetCurrentIrql()) pending \(unsafe irp?.pointee.PendingReturned ?? 9)")
                return seen?.answer ?? 0
            }, seen.context, 1, 1, 1)
        #expect(unsafe IoCallDriver(device.pointer, irp) == 0x103)
        #expect(unsafe irp.pointee.CurrentLocation == 1)
        unsafe Request(irp).complete(STATUS_CANCELLED, information: 0)
        #expect(seen.calls == ["\(STATUS_CANCELLED) level 2 pending 1"])
        #expect(KeGetCurrentIrql() == 0)
        unsafe IoReuseIrp(irp, STATUS_UNSUCCESSFUL)
        #expect(unsafe irp.pointee.CurrentLocation == 2 && irp.pointee.IoStatus.Status == STATUS_UNSUCCESSFUL)
        unsafe IoFreeIrp(irp)
    }

    @Test("a request without a location left, a device that is none and a second free are bug checks")
    func faults() throws {
        let device = KeepingDevice()
        let irp = unsafe try #require(unsafe IoAllocateIrp(0, 0))
        let foreign = UnsafeMutablePointer<DEVICE_OBJECT>.allocate(capacity: 1)
        unsafe foreign.initialize(to: DEVICE_OBJECT())
        defer { unsafe foreign.deallocate() }
        let found = BugCheck.intercepting {
            #expect(unsafe IoCallDriver(device.pointer, irp) < 0)
            #expect(unsafe IoCallDriver(foreign, irp) < 0)
            unsafe IoFreeIrp(irp)
            unsafe IoFreeIrp(irp)
        }
        #expect(found.map(\.code) == [0x35, 0x1E, 0x44])
    }

    @Test("cancelling calls the cancel routine once, and says whether there was one")
    func cancel() throws {
        let irp = unsafe try #require(unsafe IoAllocateIrp(2, 0))
        unsafe IoSetNextIrpStackLocation(irp)
        _ = unsafe IoSetCancelRoutine(irp) { _, irp in unsafe irp?.pointee.IoStatus.Information += 1 }
        #expect(unsafe IoCancelIrp(irp) == 1)
        #expect(unsafe IoCancelIrp(irp) == 0)
        #expect(unsafe irp.pointee.Cancel == 1 && irp.pointee.IoStatus.Information == 1)
        unsafe IoFreeIrp(irp)
    }

    @Test("a buffered control code's output is copied back, and the request is gone", arguments: [ULONG(0), 3])
    func controlCode(method: ULONG) throws {
        let device = KeepingDevice()
        let event = UnsafeMutablePointer<KEVENT>.allocate(capacity: 1)
        let block = UnsafeMutablePointer<IO_STATUS_BLOCK>.allocate(capacity: 1)
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 8)
        unsafe bytes.initialize(repeating: 5, count: 8)
        unsafe block.initialize(to: IO_STATUS_BLOCK())
        defer {
            unsafe event.deallocate()
            unsafe block.deallocate()
            unsafe bytes.deallocate()
        }
        unsafe KeInitializeEvent(event, NotificationEvent, 0)
        let irp = unsafe try #require(
            unsafe IoBuildDeviceIoControlRequest(
                0x22_0000 | method, device.pointer, bytes, 4, bytes, 8, 1, event, block))
        #expect(unsafe IoCallDriver(device.pointer, irp) == 0x103)
        let buffer = unsafe method == 0 ? irp.pointee.AssociatedIrp.SystemBuffer : irp.pointee.UserBuffer
        #expect(unsafe buffer?.load(as: UInt8.self) == 5)
        unsafe buffer?.storeBytes(of: 9, toByteOffset: 1, as: UInt8.self)
        #expect(unsafe KeReadStateEvent(event) == 0)
        unsafe Request(irp).complete(0, information: 2)
        #expect(unsafe KeReadStateEvent(event) == 1)
        #expect(unsafe block.pointee.Information == 2)
        #expect(unsafe bytes[1] == 9 && bytes[2] == 5)
    }
}
