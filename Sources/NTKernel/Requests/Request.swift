// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
import Synchronization
import Win32

/// An I/O request packet (IRP): a driver's structure, with one stack location for each driver that it goes through.
@safe public struct Request {
    // Sound: whoever has the request keeps it until its completion has gone all the way up.
    /// The structure.
    public let pointer: PIRP

    /// Names a request by its structure.
    public init(_ pointer: PIRP) { unsafe self.pointer = unsafe pointer }

    /// The mark of a request's structure (IO_TYPE_IRP).
    static let type: CSHORT = 6
    /// AllocationFlags: the library allocated it.
    static let isAllocated: UCHAR = 0x01
    /// AllocationFlags: it is freed when it completes.
    static let isFreedAtEnd: UCHAR = 0x02

    /// The size of a request with so many stack locations.
    static func byteCount(stackSize: Int) -> Int {
        unsafe MemoryLayout<IRP>.size + max(0, stackSize) * MemoryLayout<IO_STACK_LOCATION>.size
    }

    /// Makes a request in memory of `byteCount` bytes.
    func initialize(byteCount: Int, stackSize: CCHAR, allocationFlags: UCHAR) {
        let memory = UnsafeMutableRawPointer(unsafe pointer)
        // Sound: the memory is that large, as its owner says.
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        unsafe pointer.pointee.Type = Request.type
        unsafe pointer.pointee.Size = USHORT(truncatingIfNeeded: byteCount)
        unsafe pointer.pointee.StackCount = stackSize
        unsafe pointer.pointee.CurrentLocation = stackSize + 1
        unsafe pointer.pointee.AllocationFlags = allocationFlags
        let locations = unsafe (memory + MemoryLayout<IRP>.size).assumingMemoryBound(to: IO_STACK_LOCATION.self)
        unsafe pointer.pointee.Tail.Overlay.CurrentStackLocation = unsafe locations + Int(stackSize)
    }

    /// The mark that somebody wants an early end, which any thread sets.
    private var cancelMark: UnsafeMutablePointer<Atomic<UInt8>> {
        let offset = unsafe MemoryLayout<IRP>.offset(of: \.Cancel) ?? 0
        // Sound: within the structure; an atomic number is laid out as the number.
        return unsafe (UnsafeMutableRawPointer(pointer) + offset).assumingMemoryBound(to: Atomic<UInt8>.self)
    }

    /// Whether somebody wants an early end. In one order for all threads with exchanges of the cancel routine.
    public var isCancelled: Bool { unsafe cancelMark.pointee.load(ordering: .sequentiallyConsistent) != 0 }

    /// Somebody wants an early end.
    func markCancelled() { unsafe cancelMark.pointee.store(1, ordering: .sequentiallyConsistent) }

    /// Notes in the current stack location that the request completes later.
    public func markPending() {
        unsafe pointer.pointee.Tail.Overlay.CurrentStackLocation.pointee.Control |= UCHAR(SL_PENDING_RETURNED)
    }

    /// Completes the request, whose owner is the caller: the completion routines above are called in turn at
    /// DISPATCH_LEVEL, until one keeps the request. Returns `status`. The request may be gone then.
    @discardableResult
    public func complete(_ status: NTSTATUS, information: UInt) -> NTSTATUS {
        unsafe pointer.pointee.IoStatus.Status = status
        unsafe pointer.pointee.IoStatus.Information = ULONG_PTR(information)
        _ = unsafe IoSetCancelRoutine(pointer, nil)
        InterruptLevel.atDispatch {
            while unsafe pointer.pointee.CurrentLocation <= pointer.pointee.StackCount {
                guard rise(status) else { return }
            }
            end()
        }
        return status
    }

    /// Goes up by one location. Returns false when the driver there keeps the request.
    private func rise(_ status: NTSTATUS) -> Bool {
        guard let left = unsafe pointer.pointee.Tail.Overlay.CurrentStackLocation else { return false }
        let control = Int32(unsafe left.pointee.Control)
        let isPending = control & SL_PENDING_RETURNED != 0
        unsafe pointer.pointee.PendingReturned = isPending ? 1 : 0
        let routine = unsafe left.pointee.CompletionRoutine
        let context = unsafe left.pointee.Context
        unsafe left.pointee.CompletionRoutine = nil
        unsafe left.pointee.Control = 0
        unsafe pointer.pointee.CurrentLocation += 1
        unsafe pointer.pointee.Tail.Overlay.CurrentStackLocation = unsafe left + 1
        let isTop = unsafe pointer.pointee.CurrentLocation > pointer.pointee.StackCount
        let isWanted =
            control & (status >= 0 ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR) != 0
            || isCancelled && control & SL_INVOKE_ON_CANCEL != 0
        if isWanted, let routine = unsafe routine {
            // Who made the request has no location of its own, and so no device object.
            let device = unsafe isTop ? nil : (left + 1).pointee.DeviceObject
            return unsafe routine(device, pointer, context) != STATUS_MORE_PROCESSING_REQUIRED
        }
        if isPending, !isTop { unsafe (left + 1).pointee.Control |= UCHAR(SL_PENDING_RETURNED) }
        return true
    }

    /// The completion has gone all the way up.
    private func end() {
        guard unsafe pointer.pointee.AllocationFlags & Request.isFreedAtEnd != 0 else { return }
        let event = unsafe pointer.pointee.UserEvent
        copyOut()
        if let block = unsafe pointer.pointee.UserIosb { unsafe block.pointee = unsafe pointer.pointee.IoStatus }
        unsafe IoFreeIrp(pointer)
        if let event = unsafe event { _ = unsafe KeSetEvent(event, 0, 0) }
    }

    /// Brings the output of a buffered control code where it belongs, and frees what the request has of its own.
    private func copyOut() {
        if let list = unsafe pointer.pointee.MdlAddress {
            unsafe IoFreeMdl(list)
            unsafe pointer.pointee.MdlAddress = nil
        }
        guard let buffer = unsafe pointer.pointee.AssociatedIrp.SystemBuffer else { return }
        if let output = unsafe pointer.pointee.UserBuffer {
            // Sound: a request that is completed with more than there is room for has a fault of ours, not the program's.
            unsafe output.copyMemory(from: buffer, byteCount: Int(pointer.pointee.IoStatus.Information))
        }
        unsafe Pool.shared.free(buffer, tag: libraryTag, in: "IoCompleteRequest")
        unsafe pointer.pointee.AssociatedIrp.SystemBuffer = nil
    }
}
