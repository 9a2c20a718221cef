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

    private init(on host: ProcessHost) {
        self.host = host
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
            // Sound: the value is the reference that `adopt(_:)` has left.
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
        let object = ThreadObject(on: ProcessHost.current)
        // The thread keeps a reference of its own.
        unsafe object.adopt(Unmanaged.passRetained(object))
        return object
    }

    /// Makes this the calling thread's object, which from then on owns the reference.
    private func adopt(_ reference: Unmanaged<ThreadObject>) {
        lock.withLock {
            state.id = CurrentThread.id
            state.identity = BusExecutor.currentThread
            state.hasBegun = true
            changed.broadcast()
        }
        unsafe pthread_setspecific(ThreadObject.key, reference.toOpaque())
    }

    // MARK: Life

    /// Starts a thread; nil when the system has none left. It is known by its number when this returns.
    static func start(stackSize: Int, isSuspended: Bool, _ routine: swiftusb_routine) -> ThreadObject? {
        let host = ProcessHost.current
        guard let memory = unsafe malloc(MemoryLayout<swiftusb_thread>.size) else { return nil }
        let object = ThreadObject(on: host)
        object.state.suspendCount = isSuspended ? 1 : 0
        // A program that starts a thread and goes on computing is a client before it first waits.
        host.executor.addClient()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        // Fewer bytes than Windows would give are too few here: frames of the library stand on the same stack.
        if stackSize > 0 { unsafe pthread_attr_setstacksize(&attributes, max(stackSize, 256 * 1024)) }
        let reference = unsafe Unmanaged.passRetained(object)
        // Sound: the memory is of that size, and the new thread takes it and the one reference that was left for it.
        unsafe memory.initializeMemory(
            as: swiftusb_thread.self,
            to: swiftusb_thread(
                object: reference.toOpaque(), routine: routine,
                begin: { object in
                    guard let object = unsafe object else { return }
                    unsafe ThreadObject.begin(Unmanaged.fromOpaque(object))
                },
                end: { object, code in
                    guard let object = unsafe object else { return }
                    unsafe Unmanaged<ThreadObject>.fromOpaque(object).takeUnretainedValue().willExit(with: code)
                }))
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let status = unsafe pthread_create(&thread, &attributes, { unsafe swiftusb_thread_main($0) }, memory)
        guard status == 0 else {
            unsafe free(memory)
            unsafe reference.release()
            return nil
        }
        object.lock.withLock { while !object.state.hasBegun { object.changed.wait() } }
        return object
    }

    /// What a new thread does before it runs the program's code.
    private static func begin(_ reference: Unmanaged<ThreadObject>) {
        let object = unsafe reference.takeUnretainedValue()
        if object.lock.withLock({ object.state.suspendCount == 0 }) { object.host.executor.addClient() }
        unsafe object.adopt(reference)
        ProcessHost.adopt(object.host)
        object.lock.withLock { while object.state.suspendCount > 0 { object.changed.wait() } }
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
