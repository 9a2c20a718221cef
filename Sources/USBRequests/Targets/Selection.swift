// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import USBSpecification

/// The description of an interface within a block: what the driver wants, and room for what it gets.
@safe private struct InterfaceRecord {
    // Sound: lies within the block, as its length says.
    let pointer: UnsafeMutablePointer<USBD_INTERFACE_INFORMATION>

    private static var pipesOffset: Int {
        unsafe MemoryLayout<USBD_INTERFACE_INFORMATION>.offset(of: \.Pipes) ?? 0
    }

    /// The size of a description with so many pipes.
    static func byteCount(pipes: Int) -> Int { unsafe pipesOffset + pipes * MemoryLayout<USBD_PIPE_INFORMATION>.size }

    /// The descriptions in a block from `offset` on; nil when one does not lie within the block.
    static func all(in block: Block, from offset: Int) -> [InterfaceRecord]? {
        var records: [InterfaceRecord] = []
        var next = offset
        while next < block.byteCount {
            guard block.byteCount - next >= byteCount(pipes: 0) else { return nil }
            let record = unsafe InterfaceRecord(
                pointer: (UnsafeMutableRawPointer(block.pointer) + next).assumingMemoryBound(
                    to: USBD_INTERFACE_INFORMATION.self))
            guard record.byteCount >= byteCount(pipes: 0), record.byteCount <= block.byteCount - next else {
                return nil
            }
            records.append(record)
            next += record.byteCount
        }
        return records
    }

    var byteCount: Int { Int(unsafe pointer.pointee.Length) }
    var number: UInt8 { unsafe pointer.pointee.InterfaceNumber }
    var alternateSetting: UInt8 { unsafe pointer.pointee.AlternateSetting }

    private func pipe(_ index: Int) -> UnsafeMutablePointer<USBD_PIPE_INFORMATION> {
        // Sound: only asked for when the description has room for that many.
        unsafe (UnsafeMutableRawPointer(pointer) + InterfaceRecord.byteCount(pipes: index)).assumingMemoryBound(
            to: USBD_PIPE_INFORMATION.self)
    }

    /// What is wrong with the wish for this setting.
    func refusal(of setting: AlternateSetting?) -> USBD_STATUS? {
        guard let setting else { return USBD_STATUS_INTERFACE_NOT_FOUND }
        let count = setting.endpoints.count
        guard byteCount >= InterfaceRecord.byteCount(pipes: count) else { return USBD_STATUS_BUFFER_TOO_SMALL }
        for index in 0..<count where unsafe pipe(index).pointee.PipeFlags & ~ULONG(pipeFlags) != 0 {
            return USBD_STATUS_INVALID_PIPE_FLAGS
        }
        return nil
    }

    private var pipeFlags: Int32 {
        USBD_PF_CHANGE_MAX_PACKET | USBD_PF_SHORT_PACKET_OPT | USBD_PF_ENABLE_RT_THREAD_ACCESS
            | USBD_PF_MAP_ADD_TRANSFERS
    }

    /// Writes what the driver has got.
    func fill(with interface: TargetInterface) {
        let descriptor = interface.interface.alternateSetting.descriptor
        unsafe pointer.pointee.Class = descriptor.interfaceClass.base
        unsafe pointer.pointee.SubClass = descriptor.interfaceClass.subclass
        unsafe pointer.pointee.Protocol = descriptor.interfaceClass.protocol
        unsafe pointer.pointee.InterfaceHandle = unsafe interface.handle
        unsafe pointer.pointee.NumberOfPipes = ULONG(interface.pipes.count)
        let endpoints = interface.interface.alternateSetting.endpoints
        for (index, (opened, endpoint)) in zip(interface.pipes, endpoints).enumerated() {
            let pipe = unsafe pipe(index)
            unsafe pipe.pointee.MaximumPacketSize = USHORT(clamping: opened.maximumPacketSize)
            unsafe pipe.pointee.EndpointAddress = opened.endpoint.address.rawValue
            unsafe pipe.pointee.Interval = endpoint.descriptor.interval
            unsafe pipe.pointee.PipeType = USBD_PIPE_TYPE(opened.endpoint.type)
            unsafe pipe.pointee.PipeHandle = unsafe opened.handle
        }
    }
}

extension USBD_PIPE_TYPE {
    fileprivate init(_ type: TransferType) {
        self =
            switch type {
            case .control: UsbdPipeTypeControl
            case .isochronous: UsbdPipeTypeIsochronous
            case .bulk: UsbdPipeTypeBulk
            case .interrupt: UsbdPipeTypeInterrupt
            }
    }
}

extension USBTarget {
    /// Selects a configuration, with a setting for each interface that the block lists; the driver has those interfaces
    /// from then on, and none else. Without a configuration descriptor all are given back.
    func selectConfiguration(_ block: Block) -> USBD_STATUS {
        guard let offset = unsafe MemoryLayout<_URB_SELECT_CONFIGURATION>.offset(of: \.Interface),
            let view = unsafe block.view(_URB_SELECT_CONFIGURATION.self, byteCount: offset)
        else { return USBD_STATUS_INVALID_PARAMETER }
        return state.selection.withLock {
            guard let descriptor = unsafe view.pointee.ConfigurationDescriptor else {
                leaveConfiguration()
                unsafe view.pointee.ConfigurationHandle = nil
                return USBD_STATUS_SUCCESS
            }
            let value = unsafe descriptor.pointee.bConfigurationValue
            guard let configuration = device.description.configurations.first(where: { $0.value == value }) else {
                return USBD_STATUS_INVALID_CONFIGURATION_DESCRIPTOR
            }
            guard let records = InterfaceRecord.all(in: block, from: offset),
                Set(records.map(\.number)).count == records.count
            else { return USBD_STATUS_INVALID_PARAMETER }
            for record in records {
                let setting = configuration.interface(record.number)?.alternateSetting(record.alternateSetting)
                if let refusal = record.refusal(of: setting) { return refusal }
            }
            leaveConfiguration()
            var selected: [TargetInterface] = []
            do throws(USBError) {
                try select(configuration, records, into: &selected)
            } catch {
                for interface in selected { interface.close() }
                switch error.kind {
                case .deviceGone, .noBandwidth, .outOfMemory: return BlockStatus.of(error.kind)
                default: return USBD_STATUS_SET_CONFIG_FAILED
                }
            }
            for (record, interface) in zip(records, selected) { record.fill(with: interface) }
            unsafe view.pointee.ConfigurationHandle = unsafe state.put(selected)
            return USBD_STATUS_SUCCESS
        }
    }

    private func select(
        _ configuration: Configuration, _ records: [InterfaceRecord], into selected: inout [TargetInterface]
    ) throws(USBError) {
        // A device that is in the configuration stays there: its other interfaces may have drivers of the system.
        let isNew = device.configuration?.value != configuration.value
        if isNew { try device.blocking.selectConfiguration(configuration.value) }
        for record in records {
            let interface = TargetInterface(try device.claim(record.number, detachingDriver: detachesDriver))
            selected.append(interface)
            // What the device was left in is not known, unless it has just been configured.
            if record.alternateSetting != 0 || !isNew && interface.interface.layout.alternateSettings.count > 1 {
                try device.blocking.selectAlternateSetting(record.alternateSetting, of: interface.interface)
            }
            try interface.openPipes(of: self)
        }
    }

    /// Gives every interface back. What is under way on its pipes is cancelled.
    func leaveConfiguration() {
        for interface in state.take() { interface.close() }
    }

    /// Selects a setting of an interface. What is under way on its pipes is cancelled, and their handles are no more.
    func selectInterface(_ block: Block) -> USBD_STATUS {
        guard let offset = unsafe MemoryLayout<_URB_SELECT_INTERFACE>.offset(of: \.Interface),
            let view = unsafe block.view(_URB_SELECT_INTERFACE.self, byteCount: offset),
            let record = InterfaceRecord.all(in: block, from: offset)?.first
        else { return USBD_STATUS_INVALID_PARAMETER }
        return state.selection.withLock {
            guard let known = unsafe state.interface(record.number, of: view.pointee.ConfigurationHandle) else {
                return USBD_STATUS_INVALID_PARAMETER
            }
            guard let interface = known else { return USBD_STATUS_INTERFACE_NOT_FOUND }
            let setting = interface.interface.layout.alternateSetting(record.alternateSetting)
            if let refusal = record.refusal(of: setting) { return refusal }
            interface.closePipes()
            do throws(USBError) {
                try device.blocking.selectAlternateSetting(record.alternateSetting, of: interface.interface)
                try interface.openPipes(of: self)
            } catch {
                return BlockStatus.of(error.kind)
            }
            record.fill(with: interface)
            return USBD_STATUS_SUCCESS
        }
    }
}
