// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import Win32

/// The description of an interface within a block that selects: what is wanted, and after the end what is there.
@safe struct SelectedInterface {
    // Sound: lies within the block, as the lengths say, and is looked at while the block is there.
    private let pointer: PUSBD_INTERFACE_INFORMATION

    private static var pipesOffset: Int { unsafe MemoryLayout<USBD_INTERFACE_INFORMATION>.offset(of: \.Pipes) ?? 0 }

    /// The descriptions in a block.
    ///
    /// STATUS_INVALID_PARAMETER: one does not lie whole within the block.
    static func all(inConfiguration block: PURB) throws(Refusal) -> [SelectedInterface] {
        let offset = unsafe MemoryLayout<_URB_SELECT_CONFIGURATION>.offset(of: \.Interface) ?? 0
        return try unsafe all(in: block, from: offset)
    }

    /// The description in a block that selects a setting.
    static func only(inSetting block: PURB) throws(Refusal) -> SelectedInterface {
        let offset = unsafe MemoryLayout<_URB_SELECT_INTERFACE>.offset(of: \.Interface) ?? 0
        guard let first = try unsafe all(in: block, from: offset).first else { throw Refusal(.invalidParameter) }
        return first
    }

    private static func all(in block: PURB, from offset: Int) throws(Refusal) -> [SelectedInterface] {
        let end = Int(unsafe block.header.pointee.Length)
        var found: [SelectedInterface] = []
        var next = offset
        while next < end {
            guard end - next >= pipesOffset else { throw Refusal(.invalidParameter) }
            let record = unsafe SelectedInterface(
                pointer: (UnsafeMutableRawPointer(block) + next).assumingMemoryBound(
                    to: USBD_INTERFACE_INFORMATION.self))
            guard record.byteCount >= pipesOffset, record.byteCount <= end - next else {
                throw Refusal(.invalidParameter)
            }
            found.append(record)
            next += record.byteCount
        }
        return found
    }

    private var byteCount: Int { Int(unsafe pointer.pointee.Length) }
    /// bInterfaceNumber
    var number: UInt8 { unsafe pointer.pointee.InterfaceNumber }
    /// bAlternateSetting
    var alternate: UInt8 { unsafe pointer.pointee.AlternateSetting }

    /// The pipes that have been opened, in the order of the descriptors.
    var pipes: [USBD_PIPE_INFORMATION] {
        let size = unsafe MemoryLayout<USBD_PIPE_INFORMATION>.stride
        let room = (byteCount - SelectedInterface.pipesOffset) / size
        return unsafe (0..<min(room, Int(pointer.pointee.NumberOfPipes))).map { index in
            unsafe (UnsafeRawPointer(pointer) + SelectedInterface.pipesOffset + index * size).load(
                as: USBD_PIPE_INFORMATION.self)
        }
    }
}
