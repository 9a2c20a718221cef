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

@testable import LinuxUSB

/// Plays the kernel: a tree of files, device files with queues of requests, pollers and event sockets, with the answers
/// of Linux's usbfs. The test decides when and how each request ends.
final class ScriptedKernel: SystemCalls, @unchecked Sendable {
    private let lock = Lock()
    private let changed: Condition
    private let state = KernelState()
    private var waiters: [UInt64: (condition: (KernelState) -> Bool, resume: () -> Void)] = [:]
    private var nextWaiter: UInt64 = 0

    init() {
        changed = Condition(lock)
        state.addBus(1, driver: "xhci_hcd")
    }

    // MARK: For tests

    /// Does something to the kernel in one moment.
    @discardableResult
    func atOnce<Value>(_ body: (KernelState) throws -> Value) rethrows -> Value {
        lock.lock()
        defer {
            notify()
            lock.unlock()
        }
        return try body(state)
    }

    /// Ends the oldest requests that are pending at an endpoint, all in one moment.
    func end(_ device: ScriptedDevice, _ endpoint: UInt8, _ endings: [Ending]) {
        atOnce { state in
            for ending in endings { state.end(device, endpoint, ending) }
        }
    }

    /// Waits until the kernel is in a state; a task that is cancelled waits no longer.
    func until(_ condition: @escaping @Sendable (KernelState) -> Bool) async {
        let number = lock.withLock {
            nextWaiter += 1
            return nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                lock.withLock {
                    waiters[number] = (condition, { continuation.resume() })
                    notify()
                }
                if Task.isCancelled { giveUp(number) }
            }
        } onCancel: {
            giveUp(number)
        }
    }

    private func giveUp(_ number: UInt64) {
        lock.withLock { waiters.removeValue(forKey: number) }?.resume()
    }

    /// Tells everybody that waits. The lock is held.
    private func notify() {
        changed.broadcast()
        tellWaiters()
    }

    private func tellWaiters() {
        for (number, waiter) in waiters where waiter.condition(state) {
            waiters[number] = nil
            waiter.resume()
        }
    }

    // MARK: Files

    func open(_ path: String, writing: Bool) -> Int32 {
        atOnce { state in
            guard let device = state.devices.first(where: { $0.node == path }) else { return -ENOENT }
            if let failure = device.openFailure { return -failure }
            return state.open { .device(UsbfsFile($0, device, state)) }
        }
    }

    func close(_ file: Int32) { atOnce { $0.close(file) } }

    func contents(of path: String) -> [UInt8]? {
        atOnce { state in
            state.beforeReading?(state, path)
            return state.tree.bytes(of: path)
        }
    }

    func entries(of path: String) -> [String]? { atOnce { $0.tree.entries(of: path) } }
    func resolved(_ path: String) -> String? { atOnce { $0.tree.resolved(path) } }
    func identity(of path: String) -> UInt64? { atOnce { $0.tree.identity(of: path) } }

    // MARK: usbfs

    func control(_ device: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer?) -> Int32 {
        atOnce { state in
            guard case .device(let file) = state.files[device] else {
                state.violations.append("a call on file \(device), which is not open")
                return -EBADF
            }
            return unsafe answer(request, argument, file, state)
        }
    }

    private func answer(
        _ request: UInt, _ argument: UnsafeMutableRawPointer?, _ file: UsbfsFile, _ state: KernelState
    ) -> Int32 {
        guard let argument = unsafe argument else {
            return request == CLINUXUSB_RESET ? file.call(.reset) : -EFAULT
        }
        // Sound: each call has an argument of its own type, as usbfs defines it.
        func number() -> UInt32 { unsafe argument.load(as: UInt32.self) }
        func byte() -> UInt8 { UInt8(truncatingIfNeeded: number()) }
        switch request {
        case CLINUXUSB_SUBMITURB:
            state.submits += 1
            return unsafe file.submit(argument)
        case CLINUXUSB_DISCARDURB:
            state.discards += 1
            return unsafe file.discard(argument)
        case CLINUXUSB_REAPURBNDELAY:
            state.reaps += 1
            return unsafe file.reap(into: argument.assumingMemoryBound(to: UnsafeMutableRawPointer?.self))
        case CLINUXUSB_GET_CAPABILITIES:
            if file.device.isGone { return -ENODEV }
            unsafe argument.storeBytes(of: file.device.abilities.rawValue, as: UInt32.self)
            return 0
        case CLINUXUSB_CLAIMINTERFACE: return file.call(.claim(byte()))
        case CLINUXUSB_RELEASEINTERFACE: return file.call(.release(byte()))
        case CLINUXUSB_DISCONNECT_CLAIM:
            let claim = unsafe argument.load(as: usbdevfs_disconnect_claim.self)
            return file.call(.claimDetaching(UInt8(truncatingIfNeeded: claim.interface)))
        case CLINUXUSB_IOCTL:
            let call = unsafe argument.load(as: usbdevfs_ioctl.self)
            let interface = unsafe UInt8(truncatingIfNeeded: call.ifno)
            let code = unsafe UInt(UInt32(bitPattern: call.ioctl_code))
            return file.call(code == CLINUXUSB_CONNECT ? .connect(interface) : .disconnect(interface))
        case CLINUXUSB_GETDRIVER:
            if file.device.isGone { return -ENODEV }
            guard let driver = file.device.drivers[byte()] else { return -ENODATA }
            let query = unsafe argument.assumingMemoryBound(to: usbdevfs_getdriver.self)
            unsafe withUnsafeMutableBytes(of: &query.pointee.driver) { bytes in
                unsafe bytes.copyBytes(from: Array(driver.utf8) + [0])
            }
            return 0
        case CLINUXUSB_SETINTERFACE:
            let setting = unsafe argument.load(as: usbdevfs_setinterface.self)
            return file.call(
                .setInterface(
                    UInt8(truncatingIfNeeded: setting.interface), UInt8(truncatingIfNeeded: setting.altsetting)))
        case CLINUXUSB_SETCONFIGURATION: return file.call(.setConfiguration(byte()))
        case CLINUXUSB_CLEAR_HALT: return file.call(.clearHalt(byte()))
        case CLINUXUSB_DROP_PRIVILEGES: return file.call(.dropPrivileges(number()))
        case CLINUXUSB_ALLOC_STREAMS, CLINUXUSB_FREE_STREAMS:
            let count = unsafe Int(argument.load(fromByteOffset: 4, as: UInt32.self))
            // As many as a device has beside its control endpoint.
            guard (1...30).contains(count) else { return -EINVAL }
            let endpoints = (0..<count).map { unsafe argument.load(fromByteOffset: 8 + $0, as: UInt8.self) }
            let isFree = request == CLINUXUSB_FREE_STREAMS
            return file.call(isFree ? .freeStreams(endpoints) : .allocateStreams(Int(number()), endpoints))
        default: return -ENOTTY
        }
    }

    func map(_ device: Int32, byteCount: Int) -> UnsafeMutableRawPointer? {
        unsafe atOnce { state in
            guard state.mapsMemory, state.memoryInUse + byteCount <= state.memoryLimit else { return nil }
            let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            unsafe state.addMapping(memory, byteCount: byteCount)
            return unsafe memory
        }
    }

    func unmap(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        atOnce { state in
            unsafe state.removeMapping(memory, byteCount: byteCount)
            unsafe memory.deallocate()
        }
    }

    // MARK: Events

    func makePoller() -> Int32 { atOnce { $0.open { _ in .poller(KernelState.Poller()) } } }
    func makeSignal() -> Int32 { atOnce { $0.open { _ in .signal(KernelState.Signal()) } } }

    func raise(_ signal: Int32) {
        atOnce { state in
            guard case .signal(let signal) = state.files[signal] else {
                state.violations.append("raised file \(signal), which is no signal")
                return
            }
            signal.raised += 1
        }
    }

    func watch(_ poller: Int32, _ file: Int32, for events: PollEvents, token: UInt64) -> Int32 {
        atOnce { state in
            guard case .poller(let poller) = state.files[poller], state.files[file] != nil else { return -EBADF }
            poller.watched.append((file, events, token))
            return 0
        }
    }

    func unwatch(_ poller: Int32, _ file: Int32) {
        atOnce { state in
            if case .poller(let poller) = state.files[poller] { poller.watched.removeAll { $0.file == file } }
        }
    }

    func wait(_ poller: Int32, into events: UnsafeMutableBufferPointer<epoll_event>, nanoseconds: Int64?) -> Int32 {
        lock.lock()
        defer { lock.unlock() }
        state.waits += 1
        tellWaiters()
        guard case .poller(let poller) = state.files[poller] else {
            state.violations.append("waited for file \(poller), which is no poller")
            return -EBADF
        }
        let end = nanoseconds.map { MonotonicTime.nanoseconds + $0 }
        while true {
            if state.interruptions > 0 {
                state.interruptions -= 1
                return -EINTR
            }
            let ready = state.ready(poller)
            if !ready.isEmpty {
                for (index, event) in ready.prefix(events.count).enumerated() {
                    unsafe events[index] = epoll_event(events: event.events, data: epoll_data(u64: event.token))
                }
                return Int32(min(ready.count, events.count))
            }
            guard let end else {
                changed.wait()
                continue
            }
            guard changed.wait(nanoseconds: end - MonotonicTime.nanoseconds) else { return 0 }
        }
    }

    // MARK: Device events

    func openEvents(_ group: EventGroup) -> Int32 {
        atOnce { state in
            let file = state.open { _ in .events(KernelState.EventSocket(group)) }
            state.afterOpeningEvents?(state, group)
            return file
        }
    }

    func receive(_ socket: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int32 {
        atOnce { state in
            guard case .events(let socket) = state.files[socket] else { return -EBADF }
            guard !socket.items.isEmpty else { return -EAGAIN }
            switch socket.items.removeFirst() {
            case .failure(let code): return -code
            case .message(let bytes):
                let count = min(bytes.count, buffer.count)
                unsafe buffer.copyBytes(from: bytes.prefix(count))
                return Int32(count)
            }
        }
    }
}
#endif
