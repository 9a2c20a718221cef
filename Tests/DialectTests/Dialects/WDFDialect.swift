// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBHost
import USBRequests
import WDF

/// Plays the plan as a driver for WDF does: with blocks of USBD in requests to the targets of the pipes.
func playByWDF(_ stage: borrowing Stage) throws -> Report {
    let plan = stage.plan
    var device: WDFDEVICE?
    var usb: WDFUSBDEVICE?
    try #require(unsafe SwiftUsbOpenTarget(StreamingDevice.name, &device, &usb) == 0)
    defer { unsafe SwiftUsbCloseTarget(device) }
    var config = unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS()
    unsafe WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_MULTIPLE_INTERFACES(&config, 0, nil)
    try #require(unsafe WdfUsbTargetDeviceSelectConfig(usb, nil, &config) == 0)
    let interface = unsafe WdfUsbTargetDeviceGetInterface(usb, 0)
    var setting = unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS()
    unsafe WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_SETTING(&setting, 1)
    try #require(unsafe WdfUsbInterfaceSelectSetting(interface, nil, &setting) == 0)
    var pipes: [UInt8: WDFUSBPIPE] = unsafe [:]
    for index in 0..<(unsafe WdfUsbInterfaceGetNumConfiguredPipes(interface)) {
        var information = WDF_USB_PIPE_INFORMATION()
        unsafe WDF_USB_PIPE_INFORMATION_INIT(&information)
        let pipe = unsafe WdfUsbInterfaceGetConfiguredPipe(interface, index, &information)
        unsafe pipes[information.EndpointAddress] = unsafe pipe
    }
    let out = unsafe try #require(unsafe pipes[StreamingDevice.out])
    let `in` = unsafe try #require(unsafe pipes[StreamingDevice.in])

    let writes = try plan.out.indices.map { index in
        unsafe try WDFTransfer(usb, out, plan.out[index], plan.bytes(of: index), isRead: false)
    }
    let reads = try plan.in.map { planned in
        let room = [UInt8](repeating: 0, count: planned.byteCount)
        return unsafe try WDFTransfer(usb, `in`, planned, room, isRead: true)
    }
    try stage.approach()
    for (write, read) in zip(writes, reads) {
        try write.submit()
        try read.submit()
    }
    stage.run()
    return Report(sent: try writes.map { try $0.bytesWritten() }, came: try reads.map { try $0.packetsRead() })
}

/// A request with an isochronous block.
@safe private final class WDFTransfer {
    private let pipe: WDFUSBPIPE
    // Sound: there until the request has ended, for which everyone who submits waits.
    private let bytes: UnsafeMutableRawBufferPointer
    private var memory: WDFMEMORY?
    private var urb: PURB?
    private var request: WDFREQUEST?
    private let ends = Ends()
    private let planned: Plan.Transfer

    init(
        _ usb: WDFUSBDEVICE?, _ pipe: WDFUSBPIPE, _ planned: Plan.Transfer, _ content: [UInt8], isRead: Bool
    ) throws {
        unsafe self.pipe = unsafe pipe
        self.planned = planned
        unsafe bytes = .allocate(byteCount: content.count, alignment: 8)
        unsafe bytes.copyBytes(from: content)
        try #require(
            unsafe WdfUsbTargetDeviceCreateIsochUrb(usb, nil, ULONG(planned.sizes.count), &memory, &urb) == 0)
        try #require(unsafe WdfRequestCreate(nil, WdfUsbTargetPipeGetIoTarget(pipe), &request) == 0)
        let block = unsafe try block
        unsafe block.pointee.Hdr.Length = USHORT(BlockMemory.byteCount(packets: planned.sizes.count))
        unsafe block.pointee.Hdr.Function = USHORT(URB_FUNCTION_ISOCH_TRANSFER)
        unsafe block.pointee.PipeHandle = unsafe WdfUsbTargetPipeWdmGetPipeHandle(pipe)
        unsafe block.pointee.TransferFlags = ULONG(isRead ? USBD_TRANSFER_DIRECTION_IN : 0)
        unsafe block.pointee.StartFrame = planned.frame
        unsafe block.pointee.TransferBuffer = unsafe bytes.baseAddress
        unsafe block.pointee.TransferBufferLength = ULONG(planned.byteCount)
        unsafe block.pointee.NumberOfPackets = ULONG(planned.sizes.count)
        for (index, offset) in planned.offsets.enumerated() {
            unsafe try packet(index).pointee.Offset = ULONG(offset)
        }
    }

    deinit {
        if let request = unsafe request { unsafe WdfObjectDelete(UnsafeMutableRawPointer(request)) }
        if let memory = unsafe memory { unsafe WdfObjectDelete(UnsafeMutableRawPointer(memory)) }
        unsafe bytes.deallocate()
    }

    private var block: UnsafeMutablePointer<_URB_ISOCH_TRANSFER> {
        get throws {
            let urb = unsafe try #require(unsafe urb)
            return unsafe UnsafeMutableRawPointer(urb).assumingMemoryBound(to: _URB_ISOCH_TRANSFER.self)
        }
    }

    private func packet(_ index: Int) throws -> UnsafeMutablePointer<USBD_ISO_PACKET_DESCRIPTOR> {
        let offset = try #require(unsafe MemoryLayout<_URB_ISOCH_TRANSFER>.offset(of: \.IsoPacket))
        return unsafe (UnsafeMutableRawPointer(try block) + offset).assumingMemoryBound(
            to: USBD_ISO_PACKET_DESCRIPTOR.self) + index
    }

    func submit() throws {
        try #require(unsafe WdfUsbTargetPipeFormatRequestForUrb(pipe, request, memory, nil) == 0)
        unsafe WdfRequestSetCompletionRoutine(
            request,
            { _, _, _, context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<Ends>.fromOpaque(context).takeUnretainedValue().add()
            }, Unmanaged.passUnretained(ends).toOpaque())
        try #require(unsafe WdfRequestSend(request, WdfUsbTargetPipeGetIoTarget(pipe), nil) != 0)
    }

    /// Waits for the end. Returns whether it is a success.
    private func finish() -> Bool {
        ends.wait(for: 1)
        return unsafe WdfRequestGetStatus(request) == 0
    }

    /// The bytes that went out.
    func bytesWritten() throws -> Int {
        #expect(finish())
        return Int(unsafe try block.pointee.TransferBufferLength)
    }

    func packetsRead() throws -> [[UInt8]?] {
        let isSuccess = finish()
        let read: [[UInt8]?] = try planned.sizes.indices.map { index in
            let packet = unsafe try packet(index).pointee
            guard packet.Status >= 0 else { return nil }
            return unsafe Array(bytes[Int(packet.Offset)..<Int(packet.Offset + packet.Length)])
        }
        // It fails only when all of its packets do.
        #expect(isSuccess == read.contains { $0 != nil })
        return read
    }
}
