// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSB
public import USBHost

/// Somebody who has operations under way on a file.
public protocol FileClient: AnyObject, Sendable {
    /// Cancels the operation of this block, or every operation where it is nil; with a thread only those that it began.
    /// Returns whether there was any.
    func cancelOperations(of overlapped: LPOVERLAPPED?, begunBy thread: UInt64?) -> Bool
    /// The file was closed: nothing can be begun any more, and what is under way ends as cancelled.
    func fileClosed()
}

/// An open device: what `CreateFile` gives a handle for. It has one interface, and further ones by way of WinUSB.
///
/// An interface can be open once. The file itself is signalled when an operation without an event ends.
@safe public final class DeviceFile: WaitableObject, @unchecked Sendable {
    /// The bus.
    public let host: ProcessHost
    /// The device.
    public let device: Device
    /// The interface that the file stands for, claimed for as long as the file is open.
    public let interface: Interface
    /// Whether the program asked for operations that go on beside it (FILE_FLAG_OVERLAPPED).
    public let isOverlapped: Bool

    private struct WeakClient { weak var client: (any FileClient)? }
    private let lock = Lock()
    private var clients: [WeakClient] = []
    private var isClosed = false

    /// Opens the device that `path` names and claims the interface.
    ///
    /// Throws `.notFound` when there is no such device or interface, `.busy` when somebody has it, `.accessDenied`.
    public init(_ path: DevicePath, on host: ProcessHost, isOverlapped: Bool, detachingDriver: Bool) throws(USBError) {
        if let failure = host.failure { throw failure }
        // Of several devices with one serial number the name means the one that came first.
        let matches = try host.controller.devices().filter { path.names($0) }
        guard let found = matches.min(by: { $0.id < $1.id }) else {
            throw USBError(.notFound, message: "there is no device \(path.kind)")
        }
        device = try host.controller.open(found)
        guard let number = path.interface ?? device.configuration?.interfaces.first?.number else {
            throw USBError(.notFound, message: "the device has no interface")
        }
        interface = try device.claim(number, detachingDriver: detachingDriver)
        self.host = host
        self.isOverlapped = isOverlapped
        self.detachesDriver = detachingDriver
        super.init(event: BusEvent(on: host.executor))
    }

    private let detachesDriver: Bool

    /// Claims another interface of the device, on the terms on which the file was opened.
    public func claim(_ number: UInt8) throws(USBError) -> Interface {
        try device.claim(number, detachingDriver: detachesDriver)
    }

    /// Has somebody told when operations are to be cancelled. Returns false when the file is closed.
    public func add(_ client: any FileClient) -> Bool {
        lock.withLock {
            guard !isClosed else { return false }
            clients.removeAll { $0.client == nil }
            clients.append(WeakClient(client: client))
            return true
        }
    }

    /// The client of this type, or the one that `make` makes where there is none; nil when the file is closed.
    public func client<Client: FileClient>(_ type: Client.Type, orAdd make: () -> Client) -> Client? {
        lock.withLock {
            guard !isClosed else { return nil }
            for case let client as Client in clients.lazy.map(\.client) { return client }
            let client = make()
            clients.removeAll { $0.client == nil }
            clients.append(WeakClient(client: client))
            return client
        }
    }

    /// Cancels the operation of this block, or every operation where it is nil; with a thread only those that it began.
    /// Returns whether there was any.
    public func cancelOperations(of overlapped: LPOVERLAPPED?, begunBy thread: UInt64?) -> Bool {
        let clients = lock.withLock { self.clients.compactMap(\.client) }
        var found = false
        for client in clients where unsafe client.cancelOperations(of: overlapped, begunBy: thread) { found = true }
        return found
    }

    /// Ends everything under way and gives the interface back.
    public override func handleClosed() {
        let clients = lock.withLock {
            isClosed = true
            return self.clients.compactMap(\.client)
        }
        for client in clients { client.fileClosed() }
        device.blocking.release(interface)
    }
}
