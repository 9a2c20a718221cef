// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where the signal's handler writes, which may do little else.
private nonisolated(unsafe) var signalPipe: CInt = -1

/// Who is told of Ctrl+C, and of being asked to end.
@safe final class ConsoleControl: @unchecked Sendable {
    static let shared = ConsoleControl()

    struct Entry {
        // Sound: the program keeps its function for as long as it is registered.
        let routine: @convention(c) (DWORD) -> BOOL
        let host: ProcessHost
    }

    /// Which signal means what.
    private static let events: [(signal: CInt, event: Int32)] = [
        (SIGINT, CTRL_C_EVENT), (SIGQUIT, CTRL_BREAK_EVENT), (SIGHUP, CTRL_CLOSE_EVENT),
        (SIGTERM, CTRL_SHUTDOWN_EVENT),
    ]

    private let lock = Lock()
    private var entries: [Entry] = []
    private var isListening = false
    private var ignoresInterrupts = false

    /// Adds a function; the last that was added is asked first.
    func add(_ routine: @escaping @convention(c) (DWORD) -> BOOL) -> Bool {
        let host = ProcessHost.current
        return lock.withLock {
            guard listen() else { return false }
            entries.append(Entry(routine: routine, host: host))
            return true
        }
    }

    /// Takes a function back; false when it was not there.
    func remove(_ routine: @escaping @convention(c) (DWORD) -> BOOL) -> Bool {
        let address = unsafe unsafeBitCast(routine, to: UInt.self)
        return lock.withLock {
            guard let index = entries.lastIndex(where: { unsafe unsafeBitCast($0.routine, to: UInt.self) == address })
            else { return false }
            entries.remove(at: index)
            return true
        }
    }

    /// Has Ctrl+C ignored or not.
    func ignoreInterrupts(_ ignores: Bool) -> Bool {
        lock.withLock {
            ignoresInterrupts = ignores
            return listen()
        }
    }

    /// Asks the functions, the last first, until one says that it has dealt with the event. They run on the calling
    /// thread, each with the bus of the thread that added it.
    func dispatch(_ event: DWORD) -> Bool {
        let (entries, isIgnored) = lock.withLock {
            (self.entries, ignoresInterrupts && event == DWORD(CTRL_C_EVENT))
        }
        if isIgnored { return true }
        return entries.reversed().contains { entry in
            entry.host.executor.addClient()
            defer { entry.host.executor.removeClient() }
            return ProcessHost.withHost(entry.host) { entry.routine(event) } != 0
        }
    }

    private func listen() -> Bool {
        guard !isListening else { return true }
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return false }
        unsafe signalPipe = ends[1]
        for (signal, _) in ConsoleControl.events {
            var action = sigaction()
            #if canImport(Darwin)
            unsafe action.__sigaction_u.__sa_handler = { signal in ConsoleControl.note(signal) }
            #else
            unsafe action.__sigaction_handler.sa_handler = { signal in ConsoleControl.note(signal) }
            #endif
            action.sa_flags = CInt(SA_RESTART)
            unsafe sigaction(signal, &action, nil)
        }
        let input = ends[0]
        startThread(name: "console control") { [self] in
            while true {
                var byte: UInt8 = 0
                // Sound: one byte of a variable of this frame.
                guard unsafe read(input, &byte, 1) == 1 else { continue }
                guard let (signal, event) = ConsoleControl.events.first(where: { $0.signal == CInt(byte) }) else {
                    continue
                }
                guard !dispatch(DWORD(event)) else { continue }
                // Nobody has dealt with it: the system's own answer, which ends the process.
                #if canImport(Darwin)
                Darwin.signal(signal, SIG_DFL)
                #elseif canImport(Musl)
                Musl.signal(signal, SIG_DFL)
                #else
                Glibc.signal(signal, SIG_DFL)
                #endif
                kill(getpid(), signal)
            }
        }
        isListening = true
        return true
    }

    /// Runs in the signal's handler.
    private static func note(_ signal: CInt) {
        let error = errno
        var byte = UInt8(truncatingIfNeeded: signal)
        // Sound: write may be called there, and the byte is in this frame.
        _ = unsafe write(signalPipe, &byte, 1)
        errno = error
    }
}

/// Has a function told of Ctrl+C (SIGINT), Ctrl+Break (SIGQUIT), of the end of the terminal (SIGHUP, CTRL_CLOSE_EVENT) and
/// of being asked to end (SIGTERM, CTRL_SHUTDOWN_EVENT), or takes it back. It runs on a thread of the library's, and the
/// last that was added is asked first; when none returns TRUE, the process ends by the signal. Without a function, `add`
/// says whether Ctrl+C is ignored.
///
/// ERROR_INVALID_PARAMETER: the function that is to be taken back was not added. ERROR_NOT_ENOUGH_MEMORY: the system has
/// no more files.
///
/// Microsoft's page: "SetConsoleCtrlHandler function".
@c @implementation
public func SetConsoleCtrlHandler(_ handler: PHANDLER_ROUTINE!, _ add: BOOL) -> BOOL {
    guard let handler else {
        return ConsoleControl.shared.ignoreInterrupts(add != 0) ? TRUE : LastError.fail(ERROR_NOT_ENOUGH_MEMORY)
    }
    if add != 0 {
        return ConsoleControl.shared.add(handler) ? TRUE : LastError.fail(ERROR_NOT_ENOUGH_MEMORY)
    }
    return ConsoleControl.shared.remove(handler) ? TRUE : LastError.fail(ERROR_INVALID_PARAMETER)
}
