// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSBDrivers
import NTKernel
import USBHost
import Win32

extension DriverDevice {
    /// Presents a request. Returns it, or nil when it has ended already; `completed` is told of the end in either case.
    ///
    /// STATUS_INVALID_DEVICE_REQUEST: no queue takes the type, or the queue has no callback for it.
    /// STATUS_INVALID_DEVICE_STATE: the queue takes nothing now. STATUS_INSUFFICIENT_RESOURCES. `completed` is not told
    /// then.
    ///
    /// - Parameters:
    ///   - willRun: is given the request before anybody else has it.
    ///   - waits: the caller waits for the end, so that it is presented also from within a callback of the queue.
    func present(
        _ description: RequestDescription, waits: Bool, willRun: (QueuedRequest) -> Void = { _ in },
        completed: @escaping (NTSTATUS, UInt) -> Void
    ) throws(Refusal) {
        guard let queue = queues.queue(for: description.type),
            queue.configuration.takes(description.type)
        else { throw Refusal(.invalidDeviceRequest) }
        guard queue.takesRequests else { throw Refusal(.invalidDeviceState) }
        var attributes = ObjectAttributes.none
        if var wishes = unsafe requestAttributes {
            attributes = unsafe try ObjectAttributes(&wishes, parent: .notAllowed, in: "SwiftUsbPresent")
        }
        let request = try QueuedRequest(
            description, on: queues, stackLocations: StackLocations.current, attributes, completed: completed)
        try request.publish()
        willRun(request)
        guard queue.add(request) else {
            request.withdraw()
            throw Refusal(.invalidDeviceState)
        }
        queue.run(nests: waits)
    }
}

/// A request as the program describes it, checked.
///
/// STATUS_INVALID_PARAMETER: another type, a length without memory, or of more than 32 bits. Bug check: a handle that
/// names no file object.
private func describe(_ given: SwiftUsbRequest, in function: String) throws(Refusal) -> RequestDescription {
    guard DeviceQueues.types.contains(unsafe given.Type),
        unsafe given.InputLength == 0 || given.Input != nil, unsafe given.OutputLength == 0 || given.Output != nil,
        unsafe given.InputLength <= Int(UInt32.max), unsafe given.OutputLength <= Int(UInt32.max),
        unsafe given.InputLength >= 0, unsafe given.OutputLength >= 0
    else { throw Refusal(.invalidParameter) }
    var description = unsafe RequestDescription(type: given.Type)
    unsafe description.code = given.IoControlCode
    unsafe description.deviceOffset = given.DeviceOffset
    // A driver is not to write into what it reads; only the type of its pointers says that it could.
    if unsafe given.Type != WdfRequestTypeRead {
        unsafe description.input = UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(mutating: given.Input), count: given.InputLength)
    }
    if unsafe given.Type != WdfRequestTypeWrite {
        unsafe description.output = UnsafeMutableRawBufferPointer(start: given.Output, count: given.OutputLength)
    }
    if let handle = unsafe given.FileObject {
        let file = unsafe try Handles.object(handle, FrameworkObject.self, .fileObject, in: function)
        guard file.kind == .fileObject else { throw unsafe Violation.wrongHandle(handle, .fileObject, in: function) }
        description.file = file
    }
    return description
}

/// Presents a request to the queue that takes its type.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbPresent(
    _ Device: WDFDEVICE!, _ Request: UnsafePointer<SwiftUsbRequest>!,
    _ Completed: (@convention(c) (UnsafeMutableRawPointer?, NTSTATUS, Int) -> Void)!,
    _ Context: UnsafeMutableRawPointer!,
    _ Token: UnsafeMutablePointer<ULONGLONG>!
) -> NTSTATUS {
    let function = "SwiftUsbPresent"
    do throws(Refusal) {
        unsafe Token?.pointee = 0
        let device = unsafe try Handles.object(Device, DriverDevice.self, .device, in: function)
        guard let given = unsafe Request?.pointee else { throw Refusal(.invalidParameter) }
        let description = unsafe try describe(given, in: function)
        let context = unsafe Context
        let completion = unsafe Completed
        try device.present(
            description, waits: false,
            willRun: { request in unsafe Token?.pointee = ULONGLONG(UInt(bitPattern: request.token)) },
            completed: { status, information in unsafe completion?(context, status, Int(bitPattern: information)) })
        return NTStatus.pending.rawValue
    } catch {
        unsafe Token?.pointee = 0
        return error.status
    }
}

/// Cancels a request as though the program that made it had.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbCancelRequest(_ Token: ULONGLONG) -> BOOLEAN {
    let token = unsafe UnsafeMutableRawPointer(bitPattern: UInt(Token))
    guard let request = unsafe HandleTable.shared.object(token, as: QueuedRequest.self) else { return 0 }
    return request.cancel() ? 1 : 0
}

/// Presents a request and waits for its completion, in bus time.
///
/// 0xC0000194 (STATUS_POSSIBLE_DEADLOCK): on a clock that moves by hand nothing can ever complete it; it has been
/// cancelled, and the driver may have it still.
private func presentAndWait(
    _ device: WDFDEVICE?, _ request: SwiftUsbRequest, _ information: UnsafeMutablePointer<Int>?, in function: String
) -> NTSTATUS {
    final class End: @unchecked Sendable {
        let event: BusEvent
        // Written before the event is set.
        var status: NTSTATUS = possibleDeadlock
        var information: UInt = 0

        init(on executor: BusExecutor) { event = BusEvent(on: executor) }
    }
    do throws(Refusal) {
        unsafe information?.pointee = 0
        let device = unsafe try Handles.object(device, DriverDevice.self, .device, in: function)
        let description = unsafe try describe(request, in: function)
        let end = End(on: device.host.executor)
        var token: UnsafeMutableRawPointer?
        try device.present(description, waits: true, willRun: { unsafe token = unsafe $0.token }) {
            end.status = $0
            end.information = $1
            end.event.set()
        }
        if end.event.wait() == .neverSet {
            _ = SwiftUsbCancelRequest(ULONGLONG(UInt(bitPattern: token)))
            guard end.event.wait() != .neverSet else { return possibleDeadlock }
        }
        unsafe information?.pointee = Int(bitPattern: end.information)
        return end.status
    } catch {
        return error.status
    }
}

/// STATUS_POSSIBLE_DEADLOCK
private let possibleDeadlock = NTSTATUS(bitPattern: 0xC000_0194)

/// Presents a read and waits for its completion.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbPresentRead(
    _ Device: WDFDEVICE!, _ FileObject: WDFFILEOBJECT!, _ Buffer: UnsafeMutableRawPointer!, _ Length: Int,
    _ Information: UnsafeMutablePointer<Int>!
) -> NTSTATUS {
    var request = unsafe SwiftUsbRequest()
    unsafe request.Type = WdfRequestTypeRead
    unsafe request.Output = unsafe Buffer
    unsafe request.OutputLength = Length
    unsafe request.FileObject = unsafe FileObject
    return unsafe presentAndWait(Device, request, Information, in: "SwiftUsbPresentRead")
}

/// Presents a write and waits for its completion.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbPresentWrite(
    _ Device: WDFDEVICE!, _ FileObject: WDFFILEOBJECT!, _ Buffer: UnsafeRawPointer!, _ Length: Int,
    _ Information: UnsafeMutablePointer<Int>!
) -> NTSTATUS {
    var request = unsafe SwiftUsbRequest()
    unsafe request.Type = WdfRequestTypeWrite
    unsafe request.Input = unsafe Buffer
    unsafe request.InputLength = Length
    unsafe request.FileObject = unsafe FileObject
    return unsafe presentAndWait(Device, request, Information, in: "SwiftUsbPresentWrite")
}

/// Presents a control code and waits for its completion.
///
/// Of this library: see swiftusb/driver.h.
@c @implementation
public func SwiftUsbPresentControl(
    _ Device: WDFDEVICE!, _ FileObject: WDFFILEOBJECT!, _ IoControlCode: ULONG, _ Input: UnsafeRawPointer!,
    _ InputLength: Int, _ Output: UnsafeMutableRawPointer!, _ OutputLength: Int,
    _ Information: UnsafeMutablePointer<Int>!
) -> NTSTATUS {
    var request = unsafe SwiftUsbRequest()
    unsafe request.Type = WdfRequestTypeDeviceControl
    unsafe request.IoControlCode = IoControlCode
    unsafe request.Input = unsafe Input
    unsafe request.InputLength = InputLength
    unsafe request.Output = unsafe Output
    unsafe request.OutputLength = OutputLength
    unsafe request.FileObject = unsafe FileObject
    return unsafe presentAndWait(Device, request, Information, in: "SwiftUsbPresentControl")
}
