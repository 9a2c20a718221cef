// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers

/// How a block that selects a configuration or an interface is laid out, and what is written into it.
enum SelectionLayout {
    /// The size of the description of an interface with so many pipes (GET_USBD_INTERFACE_SIZE).
    static func byteCount(pipes: Int) -> Int {
        unsafe (MemoryLayout<USBD_INTERFACE_INFORMATION>.offset(of: \.Pipes) ?? 0)
            + pipes * MemoryLayout<USBD_PIPE_INFORMATION>.size
    }

    /// Where the descriptions begin in a block that selects a configuration.
    static var configurationOffset: Int {
        unsafe MemoryLayout<_URB_SELECT_CONFIGURATION>.offset(of: \.Interface) ?? 0
    }

    /// Where the description begins in a block that selects an interface.
    static var interfaceOffset: Int { unsafe MemoryLayout<_URB_SELECT_INTERFACE>.offset(of: \.Interface) ?? 0 }

    /// The entries of a list, which ends with one that has no descriptor.
    static func entryCount(_ list: PUSBD_INTERFACE_LIST_ENTRY) -> Int {
        var count = 0
        // Sound: the driver's list, whose end is marked.
        while unsafe list[count].InterfaceDescriptor != nil { count += 1 }
        return count
    }

    /// The size of a block that selects a configuration with the interfaces of a list.
    static func configurationByteCount(_ list: PUSBD_INTERFACE_LIST_ENTRY) -> Int {
        var size = configurationOffset
        let count = unsafe entryCount(list)
        for index in 0..<count {
            // Sound: the entries up to the mark have descriptors.
            size += byteCount(pipes: Int(unsafe list[index].InterfaceDescriptor.pointee.bNumEndpoints))
        }
        // Older drivers look at the first description though there is none.
        return max(size, configurationOffset + byteCount(pipes: 0))
    }

    /// Writes a block that selects a configuration, zeroed before, and lets the entries point into it.
    static func write(
        _ block: PURB, _ configuration: PUSB_CONFIGURATION_DESCRIPTOR, _ list: PUSBD_INTERFACE_LIST_ENTRY,
        byteCount: Int
    ) {
        let view = unsafe UnsafeMutableRawPointer(block).assumingMemoryBound(to: _URB_SELECT_CONFIGURATION.self)
        let count = unsafe entryCount(list)
        var offset = configurationOffset
        for index in 0..<count { offset += unsafe write(list + index, at: UnsafeMutableRawPointer(block) + offset) }
        unsafe view.pointee.Hdr.Length = USHORT(count == 0 ? configurationOffset : byteCount)
        unsafe view.pointee.Hdr.Function = USHORT(URB_FUNCTION_SELECT_CONFIGURATION)
        unsafe view.pointee.ConfigurationDescriptor = unsafe configuration
    }

    /// Writes the description of an entry's interface, and lets the entry point at it. Returns its size.
    @discardableResult
    static func write(_ entry: PUSBD_INTERFACE_LIST_ENTRY, at place: UnsafeMutableRawPointer) -> Int {
        // Sound: the place has room for the description, as the block was made for it.
        let record = unsafe place.assumingMemoryBound(to: USBD_INTERFACE_INFORMATION.self)
        guard let descriptor = unsafe entry.pointee.InterfaceDescriptor?.pointee else { return 0 }
        let pipes = Int(descriptor.bNumEndpoints)
        let size = byteCount(pipes: pipes)
        unsafe record.pointee.Length = USHORT(size)
        unsafe record.pointee.InterfaceNumber = descriptor.bInterfaceNumber
        unsafe record.pointee.AlternateSetting = descriptor.bAlternateSetting
        unsafe record.pointee.Class = descriptor.bInterfaceClass
        unsafe record.pointee.SubClass = descriptor.bInterfaceSubClass
        unsafe record.pointee.Protocol = descriptor.bInterfaceProtocol
        unsafe record.pointee.NumberOfPipes = ULONG(pipes)
        for index in 0..<pipes {
            let pipe = unsafe (place + byteCount(pipes: index)).assumingMemoryBound(to: USBD_PIPE_INFORMATION.self)
            unsafe pipe.pointee.MaximumTransferSize = ULONG(USBD_DEFAULT_MAXIMUM_TRANSFER_SIZE)
        }
        unsafe entry.pointee.Interface = unsafe record
        return size
    }
}
