// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USB
import VirtualUSB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The bus that calls without a bus among their arguments mean: those of WinUSB, WDF, USBD and DriverKit.
///
/// It is the one that the environment variable `USB_HOST` names, opened at the first use and kept for the life of the
/// process; what its address asks to be written at the end, such as the sound that a loudspeaker heard, is written when
/// the process exits. A test gives its own thread another bus with ``withHost(_:_:)``.
@safe public final class ProcessHost: Sendable {
    /// The bus.
    public let controller: any HostController
    /// Why the bus that `USB_HOST` names could not be opened; nil when it could. The controller is then a bus in memory
    /// without devices, in real time, so that clocks and events go on working.
    public let failure: USBError?
    private let session: HostSession?

    /// Makes the host of a bus that is open.
    public init(_ controller: any HostController) {
        self.controller = controller
        failure = nil
        session = nil
    }

    private init(failure: USBError) {
        controller = VirtualBus(flow: .real, seed: 0)
        self.failure = failure
        session = nil
    }

    private init(_ session: HostSession) {
        controller = session.controller
        failure = nil
        self.session = session
    }

    /// The executor of the bus.
    public var executor: BusExecutor { controller.executor }
    /// The clock of the bus.
    public var clock: BusClock { controller.clock }

    /// The host that calls on this thread mean.
    public static var current: ProcessHost {
        if let pointer = unsafe pthread_getspecific(threadKey) {
            // Sound: the frame that set the value keeps the host until it takes the value back.
            return unsafe Unmanaged<ProcessHost>.fromOpaque(pointer).takeUnretainedValue()
        }
        return shared
    }

    /// Runs `body`; calls on this thread mean `controller`'s bus meanwhile, and so does what they create. Threads that
    /// `body` starts mean the process's host, unless they call this too.
    public static func withHost<Value: ~Copyable, Failure: Error>(
        _ controller: any HostController, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try withHost(ProcessHost(controller), body)
    }

    /// Runs `body`; calls on this thread mean `host` meanwhile.
    public static func withHost<Value: ~Copyable, Failure: Error>(
        _ host: ProcessHost, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let before = unsafe pthread_getspecific(threadKey)
        unsafe pthread_setspecific(threadKey, Unmanaged.passUnretained(host).toOpaque())
        defer {
            unsafe pthread_setspecific(threadKey, before)
            withExtendedLifetime(host) {}
        }
        return try body()
    }

    /// Lets calls on this thread mean `host` from now on. The caller keeps the host until the thread ends.
    package static func adopt(_ host: ProcessHost) {
        unsafe pthread_setspecific(threadKey, Unmanaged.passUnretained(host).toOpaque())
    }

    /// The process's host, opened at the first use.
    private static let shared: ProcessHost = {
        do {
            let host = ProcessHost(try HostSession(try HostAddress.preferred()))
            atexit { ProcessHost.shared.finish() }
            return host
        } catch let error as USBError {
            return ProcessHost(failure: error)
        } catch {
            return ProcessHost(failure: USBError(.invalidArgument, message: "\(error)"))
        }
    }()

    /// Writes what is due at the end of the process.
    private func finish() {
        do throws(FileError) {
            try session?.finish()
        } catch {
            try? DataFile.standardError.write("swift-usb: \(error)\n")
        }
    }

    private static let threadKey: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "no keys for values of threads are left")
        return key
    }()
}
