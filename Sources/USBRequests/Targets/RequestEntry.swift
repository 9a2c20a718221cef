// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension USBTarget {
    /// Takes a request that a driver hands on to the bus.
    func takeRequest(_ pointer: PIRP, _ location: PIO_STACK_LOCATION) -> NTSTATUS {
        let request = unsafe Request(pointer)
        guard unsafe Int32(location.pointee.MajorFunction) == IRP_MJ_INTERNAL_DEVICE_CONTROL else {
            return request.complete(STATUS_INVALID_DEVICE_REQUEST, information: 0)
        }
        switch unsafe location.pointee.Parameters.DeviceIoControl.IoControlCode {
        case IOCTL_INTERNAL_USB_SUBMIT_URB: return unsafe submit(request, location)
        case IOCTL_INTERNAL_USB_RESET_PORT: return request.complete(resetPort(), information: 0)
        case IOCTL_INTERNAL_USB_GET_PORT_STATUS:
            guard let bits = unsafe location.pointee.Parameters.Others.Argument1 else {
                return request.complete(STATUS_INVALID_PARAMETER, information: 0)
            }
            let isHere = !device.isDetached
            // Sound: the driver's place for the bits, not NULL.
            unsafe bits.storeBytes(
                of: isHere ? ULONG(USBD_PORT_ENABLED | USBD_PORT_CONNECTED) : 0, as: ULONG.self)
            return request.complete(NTStatus.success.rawValue, information: 0)
        case IOCTL_INTERNAL_USB_CYCLE_PORT: return request.complete(STATUS_NOT_SUPPORTED, information: 0)
        default: return request.complete(STATUS_INVALID_DEVICE_REQUEST, information: 0)
        }
    }

    /// Resets the port, which has to wait for the device.
    private func resetPort() -> NTSTATUS {
        guard InterruptLevel.current == InterruptLevel.passive else { return STATUS_INVALID_DEVICE_REQUEST }
        do throws(USBError) {
            try device.blocking.reset()
            return NTStatus.success.rawValue
        } catch {
            return BlockStatus.requestStatus(BlockStatus.of(error.kind))
        }
    }

    private func submit(_ request: Request, _ location: PIO_STACK_LOCATION) -> NTSTATUS {
        guard let argument = unsafe location.pointee.Parameters.Others.Argument1 else {
            return request.complete(STATUS_INVALID_PARAMETER, information: 0)
        }
        let block = unsafe argument.assumingMemoryBound(to: URB.self)
        let address = UInt(bitPattern: unsafe request.pointer)
        let held = HeldRequest(request)
        let pending = PendingBlock { [self] status in
            RequestsUnderWay.shared.end(held.request)
            held.request.complete(status, information: 0)
            withExtendedLifetime(self) {}
        }
        guard RequestsUnderWay.shared.add(pending, address) else {
            BugCheck(
                BugCheckCode.usbDriver, [4, address, address, UInt(bitPattern: block)], in: "IoCallDriver",
                "the request is under way, and cannot be handed on again before it has ended"
            ).report()
            unsafe IoSkipCurrentIrpStackLocation(request.pointer)
            return STATUS_UNSUCCESSFUL
        }
        request.markPending()
        _ = unsafe IoSetCancelRoutine(request.pointer, cancelRequest)
        // Cancelled before it came here, or just now: whoever takes the routine away, ends it.
        if request.isCancelled, unsafe IoSetCancelRoutine(request.pointer, nil) != nil {
            RequestsUnderWay.shared.cancel(address)
        }
        guard let status = unsafe self.submit(block, as: pending, request: address) else {
            unsafe take(back: request, location)
            unsafe IoSkipCurrentIrpStackLocation(request.pointer)
            return STATUS_UNSUCCESSFUL
        }
        guard status != NTStatus.pending.rawValue else { return status }
        unsafe take(back: request, location)
        return request.complete(status, information: 0)
    }

    /// The request did not go under way.
    private func take(back request: Request, _ location: PIO_STACK_LOCATION) {
        RequestsUnderWay.shared.end(request)
        unsafe location.pointee.Control &= ~UCHAR(SL_PENDING_RETURNED)
    }
}

/// A request that the bus has: nobody else looks at it until it has ended.
private struct HeldRequest: @unchecked Sendable {
    let request: Request

    init(_ request: Request) { self.request = request }
}

/// What IoCancelIrp calls for a request under way here.
private func cancelRequest(_ device: PDEVICE_OBJECT?, _ request: PIRP?) {
    RequestsUnderWay.shared.cancel(UInt(bitPattern: request))
}

/// The requests that are under way, by address.
private final class RequestsUnderWay: @unchecked Sendable {
    static let shared = RequestsUnderWay()

    private let lock = Lock()
    private struct Entry {
        let block: PendingBlock
        var isCancelled = false
    }
    private var entries: [UInt: Entry] = [:]

    /// Returns false when the request is there already.
    func add(_ block: PendingBlock, _ address: UInt) -> Bool {
        lock.withLock {
            guard entries[address] == nil else { return false }
            entries[address] = Entry(block: block)
            return true
        }
    }

    /// The request is no longer under way. Where its cancel routine has been taken away, that has been called then: until
    /// it is, whoever took it looks at the request.
    func end(_ request: Request) {
        let address = UInt(bitPattern: unsafe request.pointer)
        let isTaken = unsafe IoSetCancelRoutine(request.pointer, nil) == nil
        // The other thread does nothing in between that takes time.
        while isTaken, lock.withLock({ entries[address]?.isCancelled == false }) { sched_yield() }
        lock.withLock { _ = entries.removeValue(forKey: address) }
    }

    /// The request is to end early.
    func cancel(_ address: UInt) {
        let block: PendingBlock? = lock.withLock {
            entries[address]?.isCancelled = true
            return entries[address]?.block
        }
        block?.cancel()
    }
}
