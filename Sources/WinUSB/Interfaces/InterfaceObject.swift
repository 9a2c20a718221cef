// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// An interface of an open device: what a WINUSB_INTERFACE_HANDLE stands for.
///
/// Several handles can stand for the same object: each call of WinUsb_Initialize on a file gives one, and they share
/// everything. The object ends with the last of them.
final class InterfaceObject: HandleObject, @unchecked Sendable {
    /// The interfaces of the same file.
    let group: InterfaceGroup
    /// The interface, claimed.
    let interface: Interface
    /// What is under way on the control pipe.
    let control: OperationList

    private let lock = Lock()
    private var pipes: [EndpointAddress: PipeObject] = [:]
    private var controlValues = PipePolicies(of: .control)
    private var powerValues = PowerPolicies()
    /// Requests for the next use.
    private var idleRequests: [ControlOperation] = []
    private var handleCount = 0
    private var isClosed = false
    /// An alternate setting is being selected: there are no pipes meanwhile.
    private var isSelecting = false

    init(_ interface: Interface, in group: InterfaceGroup) {
        self.interface = interface
        self.group = group
        control = OperationList(executor: group.file.host.executor)
    }

    /// The file by which the device was opened.
    var file: DeviceFile { group.file }

    /// The interface that a handle stands for; nil when it is none that is open.
    static func named(by handle: WINUSB_INTERFACE_HANDLE?) -> InterfaceObject? {
        guard let object = unsafe HandleTable.shared.object(handle, as: InterfaceObject.self) else { return nil }
        return object.lock.withLock { object.isClosed } ? nil : object
    }

    // MARK: Policies

    /// The policies of the control pipe.
    var controlPolicies: PipePolicies {
        get { lock.withLock { controlValues } }
        set { lock.withLock { controlValues = newValue } }
    }

    /// The power policies.
    var powerPolicies: PowerPolicies {
        get { lock.withLock { powerValues } }
        set { lock.withLock { powerValues = newValue } }
    }

    /// Takes every policy back to its default.
    func resetPolicies() {
        controlPolicies = PipePolicies(of: .control)
        powerPolicies = PowerPolicies()
        for pipe in openPipes { pipe.policies = PipePolicies(of: pipe.info.type) }
    }

    // MARK: Requests

    /// A request for the next call.
    func takeRequest() -> ControlOperation {
        lock.withLock { idleRequests.popLast() } ?? ControlOperation(self)
    }

    /// A request that can be used again.
    func putIdle(_ operation: ControlOperation) {
        lock.withLock { idleRequests.append(operation) }
    }

    // MARK: Pipes

    /// The pipe of an endpoint of the selected alternate setting; nil when there is none.
    func pipe(_ address: UInt8) -> PipeObject? {
        let address = EndpointAddress(rawValue: address)
        return lock.withLock {
            guard !isClosed, !isSelecting else { return nil }
            if let pipe = pipes[address] { return pipe }
            guard interface.alternateSetting.endpoint(address) != nil, let pipe = try? interface.pipe(address) else {
                return nil
            }
            let object = PipeObject(pipe, executor: file.host.executor)
            pipes[address] = object
            return object
        }
    }

    /// The pipes that were asked for since the alternate setting was selected.
    private var openPipes: [PipeObject] {
        lock.withLock { pipes.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// An alternate setting is to be selected. Returns false while something is under way on a pipe of the interface, the
    /// control pipe not counted.
    func beginSelecting() -> Bool {
        let old: [PipeObject]? = lock.withLock {
            guard !isClosed, !isSelecting, pipes.allSatisfy({ $0.value.operations.isEmpty }) else { return nil }
            isSelecting = true
            defer { pipes = [:] }
            return pipes.map(\.value)
        }
        guard let old else { return false }
        // What somebody has begun since on a pipe that is no more.
        for pipe in old { pipe.operations.close() }
        return true
    }

    /// The setting is selected, or will not be.
    func endSelecting() {
        lock.withLock { isSelecting = false }
    }

    // MARK: The life of the object

    /// Gives the object a handle more; nil when it has just ended, or there are too many handles.
    func makeHandle() -> UnsafeMutableRawPointer? {
        let isOpen = lock.withLock {
            guard !isClosed else { return false }
            handleCount += 1
            return true
        }
        guard isOpen else { return nil }
        if let handle = unsafe HandleTable.shared.insert(self) { return unsafe handle }
        handleClosed()
        return nil
    }

    /// One of the handles was closed. With the last, everything under way ends, and the interface is given back.
    override func handleClosed() {
        let isLast = lock.withLock {
            handleCount -= 1
            if handleCount == 0 { isClosed = true }
            return handleCount == 0
        }
        guard isLast else { return }
        for pipe in openPipes { pipe.operations.close() }
        control.close()
        group.remove(self)
        if interface !== file.interface { file.device.blocking.release(interface) }
    }

    /// Cancels the operation of this block, or every operation where it is nil; with a thread only those that it began.
    /// Returns whether there was any.
    func cancelOperations(of overlapped: LPOVERLAPPED?, begunBy thread: UInt64?) -> Bool {
        var found = unsafe control.cancel(of: overlapped, begunBy: thread)
        for pipe in openPipes where unsafe pipe.operations.cancel(of: overlapped, begunBy: thread) { found = true }
        return found
    }

    /// The file was closed: nothing begins any more, and what is under way has ended when this returns.
    func fileClosed() {
        let pipes = lock.withLock {
            isClosed = true
            return self.pipes
        }
        for pipe in pipes.values { pipe.operations.close() }
        control.close()
    }
}
