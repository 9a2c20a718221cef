// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import USBHost

/// Requests on their way into the kernel and back.
extension UsbfsDevice {
    /// Gives a request to the kernel.
    func give(_ block: RequestBlock, to pipe: UsbfsPipe) throws(USBError) {
        outstanding.add(1, ordering: .relaxed)
        pipe.outstanding.add(1, ordering: .sequentiallyConsistent)
        block.isOutstanding.store(true, ordering: .releasing)
        if keepsRequests { lock.withLock { kept[ObjectIdentifier(block)] = block } }
        let result = unsafe system.control(file, CLINUXUSB_SUBMITURB, UnsafeMutableRawPointer(block.header))
        guard result < 0 else { return }
        // If the device was found gone in between, its end is on the way.
        guard takeBack(block) else { return }
        outstanding.subtract(1, ordering: .relaxed)
        pipe.outstanding.subtract(1, ordering: .sequentiallyConsistent)
        let code = ErrorCode(result: result)
        // An earlier part has ended the transfer already, and its completion is on the way.
        if code.number == EREMOTEIO { return pipe.adopt(block) }
        throw refusal(code, at: pipe.info)
    }

    private var keepsRequests: Bool { !abilities.contains(.reapAfterDisconnect) }

    /// Takes a request from the kernel; false when somebody has done so already.
    private func takeBack(_ block: RequestBlock) -> Bool {
        if keepsRequests { lock.withLock { _ = kept.removeValue(forKey: ObjectIdentifier(block)) } }
        return block.takeBack()
    }

    /// Asks the kernel to end a request early.
    func discard(_ block: RequestBlock) {
        // It says EINVAL for one that has ended already, which is no error.
        _ = unsafe system.control(file, CLINUXUSB_DISCARDURB, UnsafeMutableRawPointer(block.header))
    }

    /// Takes everything from the kernel that has ended, and passes it on. Called by the event loop.
    ///
    /// Returns the number of requests that ended.
    func reap(isHungUp: Bool, time: BusInstant) -> Int {
        let isOpen = lock.withLock {
            isReaping = !isClosed
            return isReaping
        }
        guard isOpen else { return 0 }
        defer {
            let mustClose = lock.withLock {
                isReaping = false
                return mayClose()
            }
            if mustClose { system.close(file) }
        }
        var count = 0
        // With a bound, so that a stream which never runs dry leaves room for other devices.
        while count < 256 {
            var header: UnsafeMutableRawPointer?
            let result = unsafe system.control(file, CLINUXUSB_REAPURBNDELAY, &header)
            if result < 0 {
                if result != -EAGAIN { wentAway() }
                break
            }
            guard let header = unsafe header else { break }
            let block = unsafe RequestBlock.of(header)
            guard takeBack(block) else { continue }
            // The completion may be the last use of the pipe.
            let pipe = unsafe block.pipe!
            let left = outstanding.subtract(1, ordering: .relaxed).newValue
            let leftOfPipe = pipe.outstanding.subtract(1, ordering: .sequentiallyConsistent).newValue
            pipe.finish(block, hasMore: leftOfPipe > 0, time: time)
            pipe.endOrphans()
            count += 1
            // Nothing is left that the kernel could say.
            if left == 0, !isHungUp { break }
        }
        return count
    }

    /// The kernel has nothing of the device any more.
    private func wentAway() {
        guard !isDrained.exchange(true, ordering: .acquiringAndReleasing) else { return }
        bus.ignore(file)
        let left = lock.withLock {
            defer { kept = [:] }
            return Array(kept.values)
        }
        for block in left where block.takeBack() {
            let pipe = unsafe block.pipe!
            bus.post(block, .deviceGone)
            pipe.endOrphans()
        }
        sink?.deviceGone()
    }

    /// Why a request ended that the kernel has cut short.
    func ending(_ code: ErrorCode, of block: RequestBlock) -> WireCompletion.Status {
        if code.number == ENODEV || code.number == ESHUTDOWN { return .deviceGone }
        if block.isCancelled.load(ordering: .acquiring) { return .cancelled }
        // Nobody here asked for it. The kernel cuts everything short before it tells that the device has gone.
        var bits: UInt32 = 0
        let result = unsafe system.control(file, CLINUXUSB_GET_CAPABILITIES, &bits)
        return result == -ENODEV ? .deviceGone : .cancelled
    }
}
#endif
