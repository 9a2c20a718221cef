// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles
import NTKernel
import Testing
import USB
import USBD
import USBHost
import USBRequests
import USBSpecification
import VirtualUSB
import Win32

@testable import WDF

/// A device of the framework's on a bus of its own, with the targets of its pipes.
@safe final class Targets: @unchecked Sendable {
    let controller: any HostController
    let usb: USBTarget
    let device: DriverDevice
    let usbDevice: UsbDeviceObject
    private var pipes: [UInt8: UsbPipeObject] = [:]

    var executor: BusExecutor { controller.executor }

    private init(_ controller: any HostController) throws {
        self.controller = controller
        usb = USBTarget(try controller.openFirst(), on: ProcessHost.current)
        device = DriverDevice(usb)
        try device.publish(.none, parent: nil)
        usbDevice = try UsbDeviceObject.make(on: device, contract: 0x602, .none)
        _ = try unsafe usbDevice.select(usbDevice.interfaces.map { unsafe $0.settings[0].descriptor }, .none)
        for pipe in usbDevice.pipes { pipes[pipe.pipe.endpoint.address.rawValue] = pipe }
    }

    /// Runs `body` with the targets of `peripheral`. Afterwards all is given back.
    static func run<P: Peripheral>(
        _ peripheral: sending P, flow: TimeFlow = .manual, faults: [FaultRule<ControllerFault>] = [],
        _ body: (Targets, AttachedPeripheral<P>) throws -> Void
    ) throws {
        let bus = flow == .manual ? VirtualBus(flow: flow, seed: 0, driver: .caller) : VirtualBus(flow: flow, seed: 0)
        let attached = try bus.attach(peripheral)
        let controller: any HostController = faults.isEmpty ? bus : FaultInjector(bus, plan: FaultPlan(faults))
        try ProcessHost.withHost(controller) {
            let targets = try Targets(controller)
            defer { targets.close() }
            try body(targets, attached)
        }
    }

    private func close() {
        device.delete()
        usb.close()
    }

    /// The target of an endpoint's pipe.
    func pipe(_ endpoint: UInt8) throws -> UsbPipeObject { try #require(pipes[endpoint]) }
}

extension HostController {
    fileprivate func openFirst() throws -> Device { try open(try #require(devices().first)) }
}

/// Bytes that a test lends, and a memory object of them if it wants one.
@safe final class TestMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private(set) var isFreed = false
    /// The object; it frees nothing.
    private(set) var object: MemoryObject?

    init(_ content: [UInt8]) {
        unsafe bytes = .allocate(byteCount: max(1, content.count), alignment: 8)
        unsafe bytes.copyBytes(from: content)
        let object = unsafe MemoryObject(UnsafeMutableRawBufferPointer(rebasing: bytes[..<content.count])) {
            [weak self] _ in self?.isFreed = true
        }
        self.object = (try? object.publish(.none, parent: nil)).map { object }
    }

    /// Memory that lives as long as a request.
    static func kept(_ content: [UInt8], by request: TestRequest) -> TestMemory {
        let memory = TestMemory(content)
        request.kept.append(memory)
        return memory
    }

    convenience init(count: Int) { self.init([UInt8](repeating: 0, count: count)) }

    deinit { unsafe bytes.deallocate() }

    var content: [UInt8] { unsafe Array(bytes) }

    /// All of it, by the object.
    var part: MemoryPart {
        get throws { unsafe MemoryPart(bytes: try #require(object).bytes, object: object) }
    }

    /// Deletes the object, though references may keep it.
    func delete() {
        object?.delete()
        object = nil
    }
}

/// A request of a driver's own, which notes what its completion routine is told.
@safe final class TestRequest: @unchecked Sendable {
    let handle: WDFREQUEST
    let event: BusEvent
    private let executor: BusExecutor

    /// What the completion routine is told.
    @safe struct End {
        var status: NTSTATUS
        var information: UInt
        var type: WDF_REQUEST_TYPE
        var usb: WDF_USB_REQUEST_COMPLETION_PARAMS?
        var level: KIRQL
        var target: UInt
    }
    private(set) var ends: [End] = []
    /// Memory that is to live as long.
    var kept: [TestMemory] = []
    /// Called by the completion routine.
    var onEnd: (() -> Void)?

    init(_ targets: Targets, for target: IoTargetObject? = nil) throws {
        executor = targets.executor
        event = BusEvent(on: executor)
        var handle: WDFREQUEST?
        try #require(unsafe WdfRequestCreate(nil, target?.targetHandle, &handle) == 0)
        unsafe self.handle = unsafe try #require(unsafe handle)
    }

    /// Takes a request that was made otherwise.
    init(_ targets: Targets, _ handle: WDFREQUEST) {
        executor = targets.executor
        event = BusEvent(on: executor)
        unsafe self.handle = unsafe handle
    }

    var object: RequestObject? { unsafe HandleTable.shared.object(handle, as: RequestObject.self) }

    /// Deletes the request, whose handle is then no more unless it is under way.
    func delete() { object?.delete() }

    // MARK: Formatting

    func formatWrite(_ pipe: UsbPipeObject, _ memory: TestMemory) throws -> NTSTATUS {
        let part = try memory.part
        return unsafe pipe.format(handle, in: "test") { () throws(Refusal) in .pipe(pipe, part, isRead: false) }
    }

    func formatRead(_ pipe: UsbPipeObject, _ memory: TestMemory) throws -> NTSTATUS {
        let part = try memory.part
        return unsafe pipe.format(handle, in: "test") { () throws(Refusal) in .pipe(pipe, part, isRead: true) }
    }

    // MARK: Sending

    /// Makes the completion routine note its next call.
    func notesEnd() {
        event.clear()
        unsafe WdfRequestSetCompletionRoutine(
            handle,
            { _, target, parameters, context in
                guard let context = unsafe context, let parameters = unsafe parameters else { return }
                let request = unsafe Unmanaged<TestRequest>.fromOpaque(context).takeUnretainedValue()
                unsafe request.note(parameters.pointee, UInt(bitPattern: target))
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    private func note(_ parameters: WDF_REQUEST_COMPLETION_PARAMS, _ target: UInt) {
        let isUsb = unsafe parameters.Type == WdfRequestTypeUsb
        unsafe ends.append(
            End(
                status: parameters.IoStatus.Status, information: UInt(parameters.IoStatus.Information),
                type: parameters.Type, usb: isUsb ? parameters.Parameters.Usb.Completion?.pointee : nil,
                level: KeGetCurrentIrql(), target: target))
        onEnd?()
        event.set()
    }

    /// Sends the request, with its completion routine noting.
    @discardableResult
    func send(
        _ target: IoTargetObject, flags: WDF_REQUEST_SEND_OPTIONS_FLAGS = WDF_REQUEST_SEND_OPTIONS_FLAGS(rawValue: 0),
        timeout: Int64? = nil
    ) -> Bool {
        notesEnd()
        return sendAsItIs(target, flags: flags.rawValue, timeout: timeout)
    }

    @discardableResult
    func sendAsItIs(_ target: IoTargetObject, flags: UInt32 = 0, timeout: Int64? = nil) -> Bool {
        var options = WDF_REQUEST_SEND_OPTIONS()
        unsafe WDF_REQUEST_SEND_OPTIONS_INIT(&options, flags)
        if let timeout { unsafe WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, timeout) }
        return unsafe WdfRequestSend(handle, target.targetHandle, &options) != 0
    }

    /// Waits for the completion routine. Returns the status that it was told.
    @discardableResult
    func wait() -> NTSTATUS? {
        _ = BusEvent.wait(for: [event], on: executor)
        return ends.last?.status
    }

    var status: NTSTATUS { unsafe WdfRequestGetStatus(handle) }

    @discardableResult
    func reuse(_ status: NTSTATUS = 0) -> NTSTATUS {
        var parameters = unsafe WDF_REQUEST_REUSE_PARAMS()
        unsafe WDF_REQUEST_REUSE_PARAMS_INIT(&parameters, 0, status)
        return unsafe WdfRequestReuse(handle, &parameters)
    }
}

/// So many milliseconds as a relative timeout.
func milliseconds(_ count: Int64) -> Int64 { -10_000 * count }

/// Bytes that count up from `first`.
func counting(_ count: Int, from first: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: first + $0) }
}
