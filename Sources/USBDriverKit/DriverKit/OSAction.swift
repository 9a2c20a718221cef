// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit

/// What is called when an asynchronous call ends: once for each call that returned kIOReturnSuccess, never for a call that
/// failed.
///
/// In a driver for DriverKit a declaration with `TYPE(IOUSBHostPipe::CompleteAsyncIO)` brings forth a method
/// `CreateAction...`, which makes the action. Here the action is made from the method itself:
///
///     let action = OSAction.CompleteAsyncIO(target: self, ReadComplete)
///
/// A call takes a reference of its own to the action ("copies" it), so that the caller may let go of it at once. An action
/// may serve any number of calls. The method runs on the target's dispatch queue, never two of one queue at once, and may
/// do everything there, synchronous transfers included. A method of the driver keeps the driver, and the driver its
/// action: let go of the action in `Stop`, or make it from a closure that holds the driver weakly.
@safe public final class OSAction: OSObject, @unchecked Sendable {
    /// The methods that a call can complete to, with their arguments.
    enum Method {
        case io((OSAction, kern_return_t, UInt32, UInt64) -> Void)
        case isochronous((OSAction, kern_return_t) -> Void)
        case bundled((OSAction, UInt32, UInt32, [UInt32], [kern_return_t]) -> Void)
        case deviceRequest((OSAction, kern_return_t, UInt32) -> Void)
    }

    let method: Method
    /// Where the method runs; nil for the default queue of the device.
    let queue: IODispatchQueue?
    private let reference: UnsafeMutableRawBufferPointer

    init(_ method: Method, on queue: IODispatchQueue?, referenceSize: Int) {
        self.method = method
        self.queue = queue
        let size = max(0, referenceSize)
        unsafe reference = .allocate(byteCount: size, alignment: 16)
        if size > 0 { unsafe reference.initializeMemory(as: UInt8.self, repeating: 0) }
    }

    deinit { unsafe reference.deallocate() }

    /// An action for AsyncIO: `method` gets the action, the status, the bytes that moved, and the time in the units of
    /// `mach_absolute_time()`.
    public static func CompleteAsyncIO(
        target: IOService, queueName: String = kIOServiceDefaultQueueName, referenceSize: Int = 0,
        _ method:
            @escaping (
                _ action: OSAction, _ status: kern_return_t, _ actualByteCount: UInt32,
                _ completionTimestamp: UInt64
            ) -> Void
    ) -> OSAction {
        OSAction(.io(method), on: target.queue(queueName), referenceSize: referenceSize)
    }

    /// An action for IsochIO: `method` gets the action and the summary; the frame list has the rest.
    public static func CompleteAsyncIsochIO(
        target: IOService, queueName: String = kIOServiceDefaultQueueName, referenceSize: Int = 0,
        _ method: @escaping (_ action: OSAction, _ status: kern_return_t) -> Void
    ) -> OSAction {
        OSAction(.isochronous(method), on: target.queue(queueName), referenceSize: referenceSize)
    }

    /// An action for AsyncIOBundled: `method` gets the action, the first place of the descriptor ring that ended, how many
    /// did, and for each of them the bytes that moved and the status.
    public static func CompleteAsyncIOBundled(
        target: IOService, queueName: String = kIOServiceDefaultQueueName, referenceSize: Int = 0,
        _ method:
            @escaping (
                _ action: OSAction, _ ioCompletionIndex: UInt32, _ ioCompletionCount: UInt32,
                _ actualByteCountArray: [UInt32], _ statusArray: [kern_return_t]
            ) -> Void
    ) -> OSAction {
        OSAction(.bundled(method), on: target.queue(queueName), referenceSize: referenceSize)
    }

    /// An action for AsyncDeviceRequest: `method` gets the action, the status and the bytes of the data stage.
    public static func CompleteAsyncDeviceRequest(
        target: IOService, queueName: String = kIOServiceDefaultQueueName, referenceSize: Int = 0,
        _ method: @escaping (_ action: OSAction, _ status: kern_return_t, _ bytesTransferred: UInt32) -> Void
    ) -> OSAction {
        OSAction(.deviceRequest(method), on: target.queue(queueName), referenceSize: referenceSize)
    }

    /// The action's own memory, `referenceSize` bytes, zeroed when it was made: for what belongs to a request. It stays
    /// where it is as long as the action.
    @unsafe public func GetReference() -> UnsafeMutableRawPointer? {
        unsafe reference.isEmpty ? nil : reference.baseAddress
    }
}
