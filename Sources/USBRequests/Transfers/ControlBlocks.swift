// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import USBSpecification

extension USBTarget {
    /// Sends the control request that a block stands for.
    func control(_ block: Block, _ pending: PendingBlock) -> USBD_STATUS? {
        let found: (setup: SetupPacket, timeout: Duration?)
        switch ControlBlock.setup(of: block) {
        case .success(let setup): found = setup
        case .failure(let refusal): return refusal.status
        }
        let hasData = ControlBlock.hasData(block)
        let memory =
            unsafe hasData ? block.memory() : UnsafeMutableRawBufferPointer(start: nil, count: 0)
        guard let bytes = unsafe memory, var count = UInt16(exactly: bytes.count) else {
            return USBD_STATUS_INVALID_PARAMETER
        }
        if !hasData { count = 0 }
        var setup = found.setup
        setup.length = count
        let place = controlTransfers.take()
        guard var transfer = place.transfer.take() else { fatalError("an idle transfer is in its place") }
        unsafe transfer.borrow(bytes)
        pending.willSubmit(transfer.canceller)
        let pool = controlTransfers
        do throws(USBError) {
            try transfer.submit(
                setup, timeout: found.timeout, deliveringRefusal: true, at: pending.handlerPlace
            ) { done in
                let outcome = done.outcome
                let idle = done.transfer
                place.transfer = .some(idle)
                pool.putBack(place)
                if hasData { unsafe block.data.pointee.TransferBufferLength = ULONG(outcome.byteCount) }
                pending.end(block.finish(ControlBlock.status(of: outcome, block, hasData: hasData)))
            }
        } catch {
            // Not even a refusal: the request has a block of its own.
            return BlockStatus.of(error.kind)
        }
        pending.didSubmit()
        return nil
    }
}

/// The setup packets of the blocks that stand for control requests.
private enum ControlBlock {
    struct Refusal: Error { var status: USBD_STATUS }
    typealias Found = Result<(setup: SetupPacket, timeout: Duration?), Refusal>

    static func hasData(_ block: Block) -> Bool { !featureFunctions.keys.contains(block.function) }

    /// A read that brings less than asked is an error only where a driver can say that it is none, and does not.
    static func status(of outcome: TransferOutcome, _ block: Block, hasData: Bool) -> USBD_STATUS {
        let canSay =
            block.function == URB_FUNCTION_CONTROL_TRANSFER || block.function == URB_FUNCTION_CONTROL_TRANSFER_EX
            || ownFunctions.keys.contains(block.function)
        guard canSay, outcome.isShort else { return BlockStatus.of(outcome.status) }
        let flags = Int32(bitPattern: unsafe block.data.pointee.TransferFlags)
        return flags & USBD_SHORT_TRANSFER_OK != 0 ? USBD_STATUS_SUCCESS : USBD_STATUS_ERROR_SHORT_TRANSFER
    }

    // MARK: Tables: function, bmRequestType, bRequest

    private static let descriptorFunctions: [Int32: (type: UInt8, request: UInt8)] = [
        URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE: (0x80, 6), URB_FUNCTION_SET_DESCRIPTOR_TO_DEVICE: (0x00, 7),
        URB_FUNCTION_GET_DESCRIPTOR_FROM_INTERFACE: (0x81, 6), URB_FUNCTION_SET_DESCRIPTOR_TO_INTERFACE: (0x01, 7),
        URB_FUNCTION_GET_DESCRIPTOR_FROM_ENDPOINT: (0x82, 6), URB_FUNCTION_SET_DESCRIPTOR_TO_ENDPOINT: (0x02, 7),
    ]
    private static let featureFunctions: [Int32: (type: UInt8, request: UInt8)] = [
        URB_FUNCTION_SET_FEATURE_TO_DEVICE: (0x00, 3), URB_FUNCTION_CLEAR_FEATURE_TO_DEVICE: (0x00, 1),
        URB_FUNCTION_SET_FEATURE_TO_INTERFACE: (0x01, 3), URB_FUNCTION_CLEAR_FEATURE_TO_INTERFACE: (0x01, 1),
        URB_FUNCTION_SET_FEATURE_TO_ENDPOINT: (0x02, 3), URB_FUNCTION_CLEAR_FEATURE_TO_ENDPOINT: (0x02, 1),
        URB_FUNCTION_SET_FEATURE_TO_OTHER: (0x03, 3), URB_FUNCTION_CLEAR_FEATURE_TO_OTHER: (0x03, 1),
    ]
    private static let statusFunctions: [Int32: UInt8] = [
        URB_FUNCTION_GET_STATUS_FROM_DEVICE: 0x80, URB_FUNCTION_GET_STATUS_FROM_INTERFACE: 0x81,
        URB_FUNCTION_GET_STATUS_FROM_ENDPOINT: 0x82, URB_FUNCTION_GET_STATUS_FROM_OTHER: 0x83,
    ]
    /// Class and vendor requests, whose direction is in the flags.
    private static let ownFunctions: [Int32: UInt8] = [
        URB_FUNCTION_CLASS_DEVICE: 0x20, URB_FUNCTION_CLASS_INTERFACE: 0x21, URB_FUNCTION_CLASS_ENDPOINT: 0x22,
        URB_FUNCTION_CLASS_OTHER: 0x23, URB_FUNCTION_VENDOR_DEVICE: 0x40, URB_FUNCTION_VENDOR_INTERFACE: 0x41,
        URB_FUNCTION_VENDOR_ENDPOINT: 0x42, URB_FUNCTION_VENDOR_OTHER: 0x43,
    ]

    /// The setup packet, whose length is the data's, and the time limit.
    static func setup(of block: Block) -> Found {
        let function = block.function
        if let (type, request) = descriptorFunctions[function] {
            guard let view = unsafe block.view(_URB_CONTROL_DESCRIPTOR_REQUEST.self) else { return tooShort }
            let value = unsafe UInt16(view.pointee.DescriptorType) << 8 | UInt16(view.pointee.Index)
            return found(type, request, value, unsafe view.pointee.LanguageId)
        }
        if let (type, request) = featureFunctions[function] {
            guard let view = unsafe block.view(_URB_CONTROL_FEATURE_REQUEST.self) else { return tooShort }
            return unsafe found(type, request, view.pointee.FeatureSelector, view.pointee.Index)
        }
        if let type = statusFunctions[function] {
            guard let view = unsafe block.view(_URB_CONTROL_GET_STATUS_REQUEST.self),
                unsafe view.pointee.TransferBufferLength == 2
            else { return tooShort }
            return unsafe found(type, 0, 0, view.pointee.Index)
        }
        if let type = ownFunctions[function] {
            guard let view = unsafe block.view(_URB_CONTROL_VENDOR_OR_CLASS_REQUEST.self) else { return tooShort }
            let isIn = unsafe view.pointee.TransferFlags & ULONG(USBD_TRANSFER_DIRECTION_IN) != 0
            // 4 to 31 stand in place of the recipient.
            let reserved = unsafe view.pointee.RequestTypeReservedBits
            let recipient = (4...31).contains(reserved) ? type & 0xE0 | reserved : type
            return unsafe found(
                recipient | (isIn ? 0x80 : 0), view.pointee.Request, view.pointee.Value, view.pointee.Index)
        }
        return otherSetup(of: block)
    }

    private static func otherSetup(of block: Block) -> Found {
        switch block.function {
        case URB_FUNCTION_GET_CONFIGURATION:
            guard let view = unsafe block.view(_URB_CONTROL_GET_CONFIGURATION_REQUEST.self),
                unsafe view.pointee.TransferBufferLength == 1
            else { return tooShort }
            return found(0x80, 8, 0, 0)
        case URB_FUNCTION_GET_INTERFACE:
            guard let view = unsafe block.view(_URB_CONTROL_GET_INTERFACE_REQUEST.self),
                unsafe view.pointee.TransferBufferLength == 1
            else { return tooShort }
            return unsafe found(0x81, 10, 0, view.pointee.Interface)
        case URB_FUNCTION_CONTROL_TRANSFER:
            guard let view = unsafe block.view(_URB_CONTROL_TRANSFER.self) else { return tooShort }
            return unsafe found(view.pointee.SetupPacket, onDefaultPipe: isOnDefaultPipe(block), timeout: nil)
        case URB_FUNCTION_CONTROL_TRANSFER_EX:
            guard let view = unsafe block.view(_URB_CONTROL_TRANSFER_EX.self) else { return tooShort }
            let milliseconds = unsafe view.pointee.Timeout
            return unsafe found(
                view.pointee.SetupPacket, onDefaultPipe: isOnDefaultPipe(block),
                timeout: milliseconds == 0 ? nil : .milliseconds(Int64(milliseconds)))
        default: return .failure(Refusal(status: USBD_STATUS_INVALID_URB_FUNCTION))
        }
    }

    private static var tooShort: Found { .failure(Refusal(status: USBD_STATUS_INVALID_PARAMETER)) }

    private static func isOnDefaultPipe(_ block: Block) -> Bool {
        let flags = Int32(bitPattern: unsafe block.data.pointee.TransferFlags)
        return unsafe flags & USBD_DEFAULT_PIPE_TRANSFER != 0 || block.data.pointee.PipeHandle == nil
    }

    private static func found(_ type: UInt8, _ request: UInt8, _ value: UInt16, _ index: UInt16) -> Found {
        .success(
            (
                SetupPacket(
                    requestType: RequestType(rawValue: type), request: request, value: value, index: index, length: 0),
                nil
            ))
    }

    private static func found(
        _ bytes: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8), onDefaultPipe: Bool, timeout: Duration?
    ) -> Found {
        // No other control pipe can be opened.
        guard onDefaultPipe else { return .failure(Refusal(status: USBD_STATUS_INVALID_PIPE_HANDLE)) }
        return found(
            bytes.0, bytes.1, UInt16(bytes.2) | UInt16(bytes.3) << 8, UInt16(bytes.4) | UInt16(bytes.5) << 8
        ).map { ($0.setup, timeout) }
    }
}
