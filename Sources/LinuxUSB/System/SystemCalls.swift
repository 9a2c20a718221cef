// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import Synchronization

/// What the wire asks of the operating system: every system call stands behind this protocol, so that a test can play
/// the kernel.
///
/// Where a call returns a number, a negative one is an errno with its sign changed.
protocol SystemCalls: AnyObject, Sendable {
    // Files
    /// Opens a file for reading and writing, or for reading only.
    func open(_ path: String, writing: Bool) -> Int32
    func close(_ file: Int32)
    /// The whole of a small file; nil if it cannot be read.
    func contents(of path: String) -> [UInt8]?
    /// The names in a directory, unsorted; nil if it cannot be read.
    func entries(of path: String) -> [String]?
    /// What a symbolic link names, with every link on the way resolved; nil if there is none.
    func resolved(_ path: String) -> String?
    /// A number that no other file of its file system has or will have; nil if there is no such file.
    func identity(of path: String) -> UInt64?

    // usbfs
    /// One call on a device. `argument` is what the request wants; for `DISCARDURB` it is the request block itself.
    func control(_ device: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer?) -> Int32
    /// Maps memory that a device's controller can reach without a copy; nil when there is none.
    func map(_ device: Int32, byteCount: Int) -> UnsafeMutableRawPointer?
    func unmap(_ memory: UnsafeMutableRawPointer, byteCount: Int)

    // Events
    func makePoller() -> Int32
    func makeSignal() -> Int32
    /// Makes a waiting ``wait(_:into:nanoseconds:)`` return.
    func raise(_ signal: Int32)
    func watch(_ poller: Int32, _ file: Int32, for events: PollEvents, token: UInt64) -> Int32
    func unwatch(_ poller: Int32, _ file: Int32)
    /// Waits for events, forever if `nanoseconds` is nil. Returns how many there are.
    func wait(_ poller: Int32, into events: UnsafeMutableBufferPointer<epoll_event>, nanoseconds: Int64?) -> Int32

    // Device events
    /// Opens a socket on which the events of `group` arrive.
    func openEvents(_ group: EventGroup) -> Int32
    /// One event, if there is one; what others than the kernel and root have sent is left out.
    func receive(_ socket: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int32
}

extension SystemCalls {
    /// Waits for any event, without asking which.
    func wait(_ poller: Int32, nanoseconds: Int64) -> Int32 {
        var event = unsafe epoll_event()
        return unsafe withUnsafeMutablePointer(to: &event) { pointer in
            let events = unsafe UnsafeMutableBufferPointer(start: pointer, count: 1)
            return unsafe wait(poller, into: events, nanoseconds: nanoseconds)
        }
    }
}

/// What a poller watches a file for.
struct PollEvents: OptionSet {
    let rawValue: UInt32
    static let readable = PollEvents(rawValue: 0x001)
    static let writable = PollEvents(rawValue: 0x004)
    static let error = PollEvents(rawValue: 0x008)
    static let hangUp = PollEvents(rawValue: 0x010)
    /// Once for each change, rather than as long as the state lasts.
    static let edge = PollEvents(rawValue: 1 << 31)
}

/// Who tells of devices that come and go.
enum EventGroup: UInt32 {
    /// The kernel, before permissions are set.
    case kernel = 1
    /// The device manager, when it has set them.
    case manager = 2
}

// Inside the class these names are its own.
private func posixOpen(_ path: String, _ flags: Int32) -> Int32 { unsafe open(path, flags) }
private func posixClose(_ file: Int32) -> Int32 { close(file) }

/// The real system.
final class LinuxSystem: SystemCalls {
    static let shared = LinuxSystem()

    /// Linux 5.11 and later wait to the nanosecond.
    private let hasExactWait = Atomic(true)

    /// The errno of the call before, with its sign changed.
    private var failure: Int32 { -errno }

    func open(_ path: String, writing: Bool) -> Int32 {
        let file = posixOpen(path, (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC)
        return file < 0 ? failure : file
    }

    func close(_ file: Int32) { _ = posixClose(file) }

    func contents(of path: String) -> [UInt8]? {
        let file = open(path, writing: false)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        while true {
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                // Sound: the call writes no more than the buffer holds.
                unsafe count = max(0, read(file, buffer.baseAddress, buffer.count))
            }
            guard !chunk.isEmpty else { return bytes }
            bytes += chunk
        }
    }

    func entries(of path: String) -> [String]? {
        guard let directory = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // Sound: a name is terminated within its entry, which stays until the next call.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    func resolved(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    func identity(of path: String) -> UInt64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    func control(_ device: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer?) -> Int32 {
        while true {
            let result = unsafe clinuxusb_ioctl(device, request, argument)
            if result >= 0 { return result }
            let number = errno
            if number != EINTR { return -number }
        }
    }

    func map(_ device: Int32, byteCount: Int) -> UnsafeMutableRawPointer? {
        let memory = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0)
        return unsafe memory == MAP_FAILED ? nil : memory
    }

    func unmap(_ memory: UnsafeMutableRawPointer, byteCount: Int) { _ = unsafe munmap(memory, byteCount) }

    func makePoller() -> Int32 {
        let poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        return poller < 0 ? failure : poller
    }

    func makeSignal() -> Int32 {
        let signal = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        return signal < 0 ? failure : signal
    }

    func raise(_ signal: Int32) { _ = eventfd_write(signal, 1) }

    func watch(_ poller: Int32, _ file: Int32, for events: PollEvents, token: UInt64) -> Int32 {
        var event = unsafe epoll_event(events: events.rawValue, data: epoll_data(u64: token))
        return unsafe epoll_ctl(poller, EPOLL_CTL_ADD, file, &event) < 0 ? failure : 0
    }

    func unwatch(_ poller: Int32, _ file: Int32) {
        var event = unsafe epoll_event()
        _ = unsafe epoll_ctl(poller, EPOLL_CTL_DEL, file, &event)
    }

    func wait(_ poller: Int32, into events: UnsafeMutableBufferPointer<epoll_event>, nanoseconds: Int64?) -> Int32 {
        let room = Int32(clamping: events.count)
        if let nanoseconds, nanoseconds > 0, hasExactWait.load(ordering: .relaxed) {
            var time = timespec(
                tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
            let count = unsafe clinuxusb_epoll_pwait2(poller, events.baseAddress, room, &time)
            if count >= 0 { return count }
            if errno != ENOSYS { return failure }
            hasExactWait.store(false, ordering: .relaxed)
        }
        // Rounded up, so that a deadline has come when the wait for it is over.
        let milliseconds = nanoseconds.map { $0 <= 0 ? 0 : Int32(clamping: ($0 - 1) / 1_000_000 + 1) } ?? -1
        let count = unsafe epoll_wait(poller, events.baseAddress, room, milliseconds)
        return count < 0 ? failure : count
    }

    func openEvents(_ group: EventGroup) -> Int32 {
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let file = socket(AF_NETLINK, type, NETLINK_KOBJECT_UEVENT)
        guard file >= 0 else { return failure }
        var address = sockaddr_nl(
            nl_family: sa_family_t(AF_NETLINK), nl_pad: 0, nl_pid: 0, nl_groups: group.rawValue)
        var one: Int32 = 1
        _ = unsafe setsockopt(file, SOL_SOCKET, SO_PASSCRED, &one, socklen_t(MemoryLayout<Int32>.size))
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(file, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard status == 0 else {
            let result = failure
            close(file)
            return result
        }
        return file
    }

    func receive(_ socket: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int32 {
        while true {
            var sender = sockaddr_nl()
            // A header of 16 bytes and the process, user and group of the sender.
            var control: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            var part = unsafe iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
            // Sound: all that the message names outlives the call.
            let count = unsafe withUnsafeMutablePointer(to: &sender) { sender in
                unsafe withUnsafeMutablePointer(to: &part) { part in
                    unsafe withUnsafeMutablePointer(to: &control) { control in
                        var message = unsafe msghdr()
                        unsafe message.msg_name = UnsafeMutableRawPointer(sender)
                        unsafe message.msg_namelen = socklen_t(MemoryLayout<sockaddr_nl>.size)
                        unsafe message.msg_iov = part
                        unsafe message.msg_iovlen = 1
                        unsafe message.msg_control = UnsafeMutableRawPointer(control)
                        unsafe message.msg_controllen = 32
                        return unsafe recvmsg(socket, &message, 0)
                    }
                }
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                return failure
            }
            let user = UInt32(truncatingIfNeeded: control.2 >> 32)
            let isFromKernelItself = sender.nl_groups != EventGroup.kernel.rawValue || sender.nl_pid == 0
            let hasCredentials = control.0 != 0
            if hasCredentials, user == 0, isFromKernelItself { return Int32(clamping: count) }
        }
    }
}
#endif
