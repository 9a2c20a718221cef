// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

internal import CMicrosoftUSB
internal import USB
internal import USBHost

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A thread, which is signalled when it has ended.
///
/// One that a program makes means the bus of the thread that made it, and a clock that runs free stands still until the
/// new thread waits for something.
@safe final class ThreadObject: WaitableObject, @unchecked Sendable {
    /// What the thread runs; nil for a thread that was not made here.
    private let body: (() -> DWORD)?
    let host: ProcessHost

    private struct State {
        var id: UInt64 = 0
        var identity: UInt = 0
        var hasBegun = false
        var suspendCount: DWORD = 0
        var exitCode = DWORD(STILL_ACTIVE)
        /// What the thread is to end with, from ExitThread.
        var pendingExitCode: DWORD = 0
        var priority: Int32 = 0
        /// The handle that is closed when the thread ends; 0 for none.
        var ownHandle: UInt = 0
        var hasEnded = false
    }

    private let lock = Lock()
    private let changed: Condition
    private var state = State()

    private init(on host: ProcessHost, body: (() -> DWORD)?) {
        self.host = host
        self.body = body
        changed = Condition(lock)
        super.init(event: BusEvent(on: host.executor))
    }

    // MARK: The calling thread

    /// Holds a reference to the thread's object; its destructor ends the thread, however it ends.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key) { pointer in
            #if canImport(Darwin)
            let object = unsafe Unmanaged<ThreadObject>.fromOpaque(pointer).takeRetainedValue()
            object.finish()
            #else
            guard let pointer = unsafe pointer else { return }
            // Sound: the value is the reference that `adopt()` has left.
            unsafe Unmanaged<ThreadObject>.fromOpaque(pointer).takeRetainedValue().finish()
            #endif
        }
        precondition(status == 0, "no keys for values of threads are left")
        return key
    }()

    /// The calling thread's object; one is made for a thread that was not made here.
    static var current: ThreadObject {
        if let pointer = unsafe pthread_getspecific(key) {
            // Sound: the thread keeps the reference until it ends.
            return unsafe Unmanaged<ThreadObject>.fromOpaque(pointer).takeUnretainedValue()
        }
        let object = ThreadObject(on: ProcessHost.current, body: nil)
        object.adopt()
        return object
    }

    /// Makes this the calling thread's object.
    private func adopt() {
        lock.withLock {
            state.id = CurrentThread.id
            state.identity = BusExecutor.currentThread
            state.hasBegun = true
            changed.broadcast()
        }
        unsafe pthread_setspecific(ThreadObject.key, Unmanaged.passRetained(self).toOpaque())
    }

    // MARK: Life

    /// Starts a thread; nil when the system has none left. It is known by its number when this returns.
    static func start(stackSize: Int, isSuspended: Bool, body: @escaping () -> DWORD) -> ThreadObject? {
        let host = ProcessHost.current
        let object = ThreadObject(on: host, body: body)
        object.state.suspendCount = isSuspended ? 1 : 0
        // A program that starts a thread and goes on computing is a client before it first waits.
        host.executor.addClient()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        // Fewer bytes than Windows would give are too few here: frames of the library stand on the same stack.
        if stackSize > 0 { unsafe pthread_attr_setstacksize(&attributes, max(stackSize, 256 * 1024)) }
        let argument = unsafe Unmanaged.passRetained(object)
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let status = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                #if canImport(Darwin)
                let pointer: UnsafeMutableRawPointer? = unsafe argument
                #else
                let pointer = unsafe argument
                #endif
                guard let pointer = unsafe pointer else { return nil }
                // Sound: the new thread takes the one reference that was left for it.
                unsafe Unmanaged<ThreadObject>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            unsafe argument.release()
            return nil
        }
        object.lock.withLock { while !object.state.hasBegun { object.changed.wait() } }
        return object
    }

    private func run() {
        if lock.withLock({ state.suspendCount == 0 }) { host.executor.addClient() }
        adopt()
        lock.withLock { while state.suspendCount > 0 { changed.wait() } }
        let code = ProcessHost.withHost(host) { body?() ?? 0 }
        lock.withLock { state.pendingExitCode = code }
    }

    /// Sets what the thread ends with.
    func willExit(with code: DWORD) { lock.withLock { state.pendingExitCode = code } }

    private func finish() {
        let (identity, ownHandle) = lock.withLock {
            state.exitCode = state.pendingExitCode
            state.hasEnded = true
            return (state.identity, state.ownHandle)
        }
        close(ownHandle)
        event.set()
        host.executor.removeClient(identity)
    }

    /// Has a handle closed when the thread ends, or now if it has.
    func closeAtEnd(_ handle: UInt) {
        let hasEnded = lock.withLock {
            state.ownHandle = handle
            return state.hasEnded
        }
        if hasEnded { close(handle) }
    }

    private func close(_ handle: UInt) {
        _ = unsafe HandleTable.shared.remove(HANDLE(bitPattern: handle), as: ThreadObject.self)
    }

    /// Lets a suspended thread run; gives how often it was suspended before.
    func resume() -> DWORD {
        let (before, identity) = lock.withLock { (state.suspendCount, state.identity) }
        guard before == 1 else { return before }
        host.executor.addClient(identity)
        lock.withLock {
            state.suspendCount = 0
            changed.broadcast()
        }
        return before
    }

    // MARK: What is known of it

    /// The number of the thread.
    var id: UInt64 { lock.withLock { state.id } }
    /// What the thread ended with; STILL_ACTIVE until then.
    var exitCode: DWORD { lock.withLock { state.exitCode } }
    /// The priority that it was given, which is kept and nothing else.
    var priority: Int32 {
        get { lock.withLock { state.priority } }
        set { lock.withLock { state.priority = newValue } }
    }

    /// The object of a thread's handle, or of GetCurrentThread's value.
    static func of(_ handle: HANDLE?) -> ThreadObject? { unsafe Waits.object(handle) as? ThreadObject }
}
