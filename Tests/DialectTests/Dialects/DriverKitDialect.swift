// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBDriverKit
import USBHost

/// Plays the plan as a driver for DriverKit does.
func playByDriverKit(_ stage: borrowing Stage) throws -> Report {
    let plan = stage.plan
    let driver = IOService()
    let device = try #require(IOUSBHostDevice.matching(StreamingDevice.name))
    try #require(device.Open(forClient: driver) == kIOReturnSuccess)
    defer { device.Close(forClient: driver) }
    var iterator: UInt = 0
    try #require(device.CreateInterfaceIterator(ref: &iterator) == kIOReturnSuccess)
    defer { device.DestroyInterfaceIterator(ref: iterator) }
    var found: IOUSBHostInterface?
    try #require(device.CopyInterface(ref: iterator, interface: &found) == kIOReturnSuccess)
    let interface = try #require(found)
    try #require(interface.Open(forClient: driver) == kIOReturnSuccess)
    defer { interface.Close(forClient: driver) }
    try #require(interface.SelectAlternateSetting(bAlternateSetting: 1) == kIOReturnSuccess)
    func pipe(_ address: UInt8) throws -> IOUSBHostPipe {
        var pipe: IOUSBHostPipe?
        try #require(interface.CopyPipe(address: address, pipe: &pipe) == kIOReturnSuccess)
        return try #require(pipe)
    }
    let out = try pipe(StreamingDevice.out)
    let `in` = try pipe(StreamingDevice.in)

    let writes = try plan.out.indices.map { index in
        try DriverKitTransfer(device, plan.out[index], plan.bytes(of: index))
    }
    let reads = try plan.in.map { planned in
        try DriverKitTransfer(device, planned, [UInt8](repeating: 0, count: planned.byteCount))
    }
    try stage.approach()
    let ends = Ends()
    let action = OSAction.CompleteAsyncIsochIO(target: driver) { _, _ in ends.add() }
    for (write, read) in zip(writes, reads) {
        try #require(write.submit(out, action) == kIOReturnSuccess)
        try #require(read.submit(`in`, action) == kIOReturnSuccess)
    }
    stage.run()
    ends.wait(for: writes.count + reads.count)
    return Report(sent: writes.map(\.byteCount), came: reads.map(\.packetsRead))
}

/// The data and the frame list of a call of IsochIO.
private final class DriverKitTransfer {
    private let planned: Plan.Transfer
    private let data: IOBufferMemoryDescriptor
    private let list: IOBufferMemoryDescriptor

    init(_ device: IOUSBHostDevice, _ planned: Plan.Transfer, _ content: [UInt8]) throws {
        self.planned = planned
        func buffer(_ count: Int) throws -> IOBufferMemoryDescriptor {
            var buffer: IOBufferMemoryDescriptor?
            let status = device.CreateIOBuffer(
                options: kIOMemoryDirectionInOut, capacity: UInt64(count), buffer: &buffer)
            try #require(status == kIOReturnSuccess)
            return try #require(buffer)
        }
        data = try buffer(content.count)
        data.withMutableBytes { for index in content.indices { $0[index] = content[index] } }
        list = try buffer(planned.sizes.count * MemoryLayout<IOUSBIsochronousFrame>.size)
        list.withMutableBytes { bytes in
            for (index, size) in planned.sizes.enumerated() {
                let entry = IOUSBIsochronousFrame(
                    status: kIOReturnInvalid, requestCount: UInt32(size), completeCount: 0, reserved: 0, timeStamp: 0)
                unsafe bytes.withUnsafeMutableBytes {
                    unsafe $0.storeBytes(of: entry, toByteOffset: 24 * index, as: IOUSBIsochronousFrame.self)
                }
            }
        }
    }

    func submit(_ pipe: IOUSBHostPipe, _ action: OSAction) -> kern_return_t {
        pipe.IsochIO(
            dataBuffer: data, frameList: list, firstFrameNumber: UInt64(planned.frame), completion: action)
    }

    private var entries: [IOUSBIsochronousFrame] {
        list.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                planned.sizes.indices.map {
                    unsafe bytes.loadUnaligned(fromByteOffset: 24 * $0, as: IOUSBIsochronousFrame.self)
                }
            }
        }
    }

    /// The bytes that moved.
    var byteCount: Int { entries.reduce(0) { $0 + Int($1.completeCount) } }

    var packetsRead: [[UInt8]?] {
        data.withBytes { bytes in
            zip(entries, planned.offsets).map { entry, offset in
                guard [kIOReturnSuccess, kIOReturnUnderrun].contains(entry.status) else { return nil }
                return (offset..<offset + Int(entry.completeCount)).map { bytes[$0] }
            }
        }
    }
}
