// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import HostFiles
import USB
import USBHost

/// Makes a serial queue.
///
/// Returns kIOReturnBadArgument without a name.
@c @implementation
public func swiftusb_dk_queue_create(
    _ name: UnsafePointer<CChar>!, _ queue: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let name = unsafe name else { return kIOReturnBadArgument }
    return unsafe handOver(to: queue) { (made: inout IODispatchQueue?) in
        IODispatchQueue.Create(name: unsafe String(cString: name), queue: &made)
    }
}

/// Tells whether the calling thread runs something of a queue.
@c @implementation
public func swiftusb_dk_queue_on_queue(_ queue: OpaquePointer!) -> Bool {
    unsafe IODispatchQueue.borrowed(queue)?.OnQueue() ?? false
}

/// Calls a function on a queue, some time.
@c @implementation
public func swiftusb_dk_queue_dispatch_async(
    _ queue: OpaquePointer!, _ context: UnsafeMutableRawPointer!, _ function: swiftusb_dk_function!
) {
    guard let queue = unsafe IODispatchQueue.borrowed(queue), let function = unsafe function else { return }
    queue.DispatchAsync { unsafe function(context) }
}

/// Calls a function on a queue and waits until it has returned.
@c @implementation
public func swiftusb_dk_queue_dispatch_sync(
    _ queue: OpaquePointer!, _ context: UnsafeMutableRawPointer!, _ function: swiftusb_dk_function!
) {
    guard let queue = unsafe IODispatchQueue.borrowed(queue), let function = unsafe function else { return }
    queue.DispatchSync { unsafe function(context) }
}

/// Makes an action that tells a function of each end.
///
/// Returns kIOReturnBadArgument for a kind that there is not.
@c @implementation
public func swiftusb_dk_action_create(
    _ kind: swiftusb_dk_kind, _ queue: OpaquePointer!, _ function: swiftusb_dk_completion_function!,
    _ context: UnsafeMutableRawPointer!, _ action: UnsafeMutablePointer<OpaquePointer?>!
) -> kern_return_t {
    guard let queue = unsafe IODispatchQueue.borrowed(queue), let function = unsafe function else {
        return kIOReturnBadArgument
    }
    /// Sound: the program keeps `context` as long as there are ends to come.
    func tell(_ completion: swiftusb_dk_completion) {
        unsafe withUnsafePointer(to: completion) { unsafe function(context, $0) }
    }
    let method: OSAction.Method
    switch kind {
    case swiftusb_dk_kind_io:
        method = .io { _, status, count, time in
            var completion = unsafe swiftusb_dk_completion()
            unsafe completion.status = status
            unsafe completion.byte_count = count
            unsafe completion.timestamp = time
            unsafe tell(completion)
        }
    case swiftusb_dk_kind_isoch_io:
        method = .isochronous { _, status in
            var completion = unsafe swiftusb_dk_completion()
            unsafe completion.status = status
            unsafe tell(completion)
        }
    case swiftusb_dk_kind_io_bundled:
        method = .bundled { _, first, count, byteCounts, statuses in
            unsafe byteCounts.withUnsafeBufferPointer { byteCounts in
                unsafe statuses.withUnsafeBufferPointer { statuses in
                    var completion = unsafe swiftusb_dk_completion()
                    unsafe completion.first_index = first
                    unsafe completion.index_count = count
                    unsafe completion.byte_counts = byteCounts.baseAddress
                    unsafe completion.statuses = statuses.baseAddress
                    unsafe tell(completion)
                }
            }
        }
    case swiftusb_dk_kind_device_request:
        method = .deviceRequest { _, status, count in
            var completion = unsafe swiftusb_dk_completion()
            unsafe completion.status = status
            unsafe completion.byte_count = count
            unsafe tell(completion)
        }
    default:
        return kIOReturnBadArgument
    }
    return unsafe handOver(to: action) { (made: inout OSAction?) in
        made = OSAction(method, on: queue, referenceSize: 0)
        return kIOReturnSuccess
    }
}

/// The time of the process's bus, in nanoseconds.
@c @implementation
public func swiftusb_dk_clock() -> UInt64 { ProcessHost.current.clock.now.machTime }

/// Lets some of the bus's time pass; on a clock that moves by hand it returns early when nothing can ever happen.
@c @implementation
public func swiftusb_dk_sleep(_ nanoseconds: UInt64) {
    let executor = ProcessHost.current.executor
    let deadline = executor.clock.now.advanced(by: .nanoseconds(Int64(clamping: nanoseconds)))
    _ = BusEvent.wait(for: [], until: deadline, on: executor)
}
