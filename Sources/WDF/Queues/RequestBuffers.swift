// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import HostFiles
import NTKernel
import USBHost
import Win32

/// The bytes of a presented request, as memory objects and descriptor lists, which are made when the driver asks.
@safe final class RequestBuffers: @unchecked Sendable {
    enum Direction { case input, output }

    // Sound: the list is freed when the request has completed.
    @safe private struct Side {
        var object: MemoryObject?
        var list: PMDL?
    }

    private let description: RequestDescription
    // Sound: allocated here, freed when the request has completed.
    private var system: UnsafeMutableRawBufferPointer?
    private let lock = Lock()
    private var input = Side()
    private var output = Side()

    /// Makes what a request needs of its own: the input of a control code, unless that goes as it is, is copied.
    init(_ description: RequestDescription) throws(Refusal) {
        self.description = description
        let inputCount = unsafe description.input.count
        let method = description.method
        guard description.isControl, method != .neither else { return }
        let count = unsafe method == .buffered ? max(inputCount, description.output.count) : inputCount
        guard count > 0 else { return }
        guard let memory = unsafe Pool.shared.allocate(count, tag: RequestBuffers.tag, zeroed: true) else {
            throw Refusal(.insufficientResources)
        }
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: memory, count: count)
        unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(description.input))
        unsafe system = unsafe bytes
    }

    /// The tag of the copies in the pool.
    private static let tag: UInt32 = 0x5144_4657

    // MARK: What the driver gets

    /// The bytes of one direction.
    ///
    /// STATUS_INVALID_DEVICE_REQUEST: the request has none in that direction, or they are the program's own, which a
    /// driver may not touch as they are. STATUS_BUFFER_TOO_SMALL: there is not one byte.
    func bytes(_ direction: Direction) throws(Refusal) -> UnsafeMutableRawBufferPointer {
        let wrong = direction == .input ? WdfRequestTypeRead : WdfRequestTypeWrite
        guard description.type != wrong else { throw Refusal(.invalidDeviceRequest) }
        let own = unsafe direction == .input ? description.input : description.output
        guard own.count > 0 else { throw Refusal(.bufferTooSmall) }
        guard description.isControl else { return unsafe own }
        switch description.method {
        case .neither:
            guard !description.isFromProgram else { throw Refusal(.invalidDeviceRequest) }
            return unsafe own
        case .inDirect, .outDirect: if direction == .output { return unsafe own }
        case .buffered: break
        }
        guard let system = unsafe lock.withLock({ unsafe self.system }) else { throw Refusal(.invalidDeviceRequest) }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: system[..<own.count])
    }

    /// The memory object of one direction: the same one every time.
    func memory(_ direction: Direction, of request: RequestObject) throws(Refusal) -> MemoryObject {
        let bytes = unsafe try bytes(direction)
        if let known = lock.withLock({ direction == .input ? input.object : output.object }) {
            return known
        }
        let object = unsafe MemoryObject(bytes, host: request.host)
        object.presentedBy = request
        try object.publish(.none, parent: nil)
        // Another thread may have been faster.
        let first = lock.withLock {
            let known = direction == .input ? input.object : output.object
            if let known { return known }
            if direction == .input { input.object = object } else { output.object = object }
            return object
        }
        if first !== object { object.delete() }
        return first
    }

    /// The descriptor list of one direction: the same one every time. It goes with the request.
    ///
    /// Those of bytes(_:), and STATUS_INVALID_DEVICE_REQUEST for any control code whose bytes go as they are.
    /// STATUS_INSUFFICIENT_RESOURCES: there is no memory.
    func list(_ direction: Direction) throws(Refusal) -> PMDL {
        if description.isControl, description.method == .neither { throw Refusal(.invalidDeviceRequest) }
        let bytes = unsafe try bytes(direction)
        let list: PMDL? = unsafe lock.withLock {
            if let known = unsafe direction == .input ? input.list : output.list { return unsafe known }
            let list = unsafe IoAllocateMdl(bytes.baseAddress, ULONG(clamping: bytes.count), 0, 0, nil)
            unsafe MmBuildMdlForNonPagedPool(list)
            if direction == .input { unsafe input.list = list } else { unsafe output.list = list }
            return unsafe list
        }
        guard let list = unsafe list else { throw Refusal(.insufficientResources) }
        return unsafe list
    }

    // MARK: The end

    /// The memory objects that the driver has been given.
    var objects: [MemoryObject] { lock.withLock { [input.object, output.object] }.compactMap(\.self) }

    /// Brings the output of a buffered control code to the program, unless the request has failed, and gives up
    /// everything that the request had of its own.
    func finish(_ status: NTSTATUS, information: UInt) {
        let (objects, lists, system) = unsafe lock.withLock {
            defer {
                input = Side()
                output = Side()
                unsafe self.system = nil
            }
            return unsafe ([input.object, output.object], [input.list, output.list], self.system)
        }
        for object in objects { object?.delete() }
        unsafe lists.forEach { unsafe IoFreeMdl($0) }
        guard let system = unsafe system else { return }
        // An error's two highest bits are set; a warning brings its bytes along.
        if description.method == .buffered, UInt32(bitPattern: status) >> 30 != 3 {
            let count = unsafe min(Int(clamping: information), description.output.count)
            unsafe description.output.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(system)[..<count]))
        }
        guard let start = system.baseAddress else { return }
        unsafe Pool.shared.free(start, tag: RequestBuffers.tag, in: "WdfRequestComplete")
    }

    deinit { finish(NTStatus.unsuccessful.rawValue, information: 0) }
}
