// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
public import NTKernel
import USB
public import USBHost
import Win32

/// The bus's end of a device, as drivers see it: a device object that takes USB request blocks (URBs).
///
/// A block comes in a request with IOCTL_INTERNAL_USB_SUBMIT_URB, or by ``submit(_:as:request:)``. The device's
/// interfaces are claimed when a block selects the configuration.
@safe public final class USBTarget: DeviceObject, @unchecked Sendable {
    /// The bus.
    public let host: ProcessHost
    /// The device.
    public let device: Device
    let detachesDriver: Bool
    /// Transfers of the control pipe.
    let controlTransfers: TransferPool<Control>
    let state = TargetState()

    /// Makes the target of an open device; `detachingDriver` lets interfaces be taken from drivers of the system.
    public init(_ device: Device, on host: ProcessHost, detachingDriver: Bool = false) {
        self.device = device
        self.host = host
        detachesDriver = detachingDriver
        // Sound: each submit gives the transfer the memory that it is to use.
        controlTransfers = TransferPool { unsafe device.makeControlTransfer(borrowing: .none) }
        super.init()
    }

    /// The target that a device object stands for; nil when it is another's.
    public static func of(_ pointer: PDEVICE_OBJECT?) -> USBTarget? {
        unsafe DeviceObject.named(by: pointer) as? USBTarget
    }

    /// Ends what is under way, and gives the interfaces back. Blocks.
    public func close() {
        for pipe in state.allPipes { pipe.pipe.blocking.abort() }
        device.abortControlBlocking()
        leaveConfiguration()
    }

    /// The pipes of the selected settings, by interface and in the order of the descriptors.
    public var pipes: [TargetPipe] { state.allPipes }

    // MARK: Blocks

    /// Submits a block.
    ///
    /// - Parameters:
    ///   - block: the driver's structure, which stays in place until it has ended.
    ///   - pending: who is told of the end. For a block that needs no waiting, or is refused, it is told nothing.
    ///   - request: the address of the request that the block belongs to; for diagnosis.
    /// - Returns: the request's status if the block has ended already, as those do that need no waiting or are refused;
    ///   else STATUS_PENDING. Nil, with a bug check, when the block was under way already: nothing has happened then.
    public func submit(_ block: PURB, as pending: PendingBlock, request: UInt = 0) -> NTSTATUS? {
        guard unsafe BlockMemory.shared.begin(block, request: request, in: "IoCallDriver") else { return nil }
        let block = unsafe Block(block)
        block.status = USBD_STATUS_PENDING
        if let refusal = refusal(of: block) { return block.finish(refusal) }
        guard let status = begin(block, pending) else { return NTStatus.pending.rawValue }
        return block.finish(status)
    }

    /// What is wrong with a block of any function.
    private func refusal(of block: Block) -> USBD_STATUS? {
        guard unsafe block.byteCount >= MemoryLayout<_URB_HEADER>.size else { return USBD_STATUS_INVALID_PARAMETER }
        guard !device.isDetached else { return USBD_STATUS_DEVICE_GONE }
        guard let known = unsafe BlockMemory.shared.allocation(of: block.pointer) else { return nil }
        // A block for isochronous packets serves for nothing else, and none reaches behind its memory.
        let isIsochronous = block.function == URB_FUNCTION_ISOCH_TRANSFER
        guard block.byteCount <= known.byteCount, isIsochronous || !known.isIsochronous else {
            return USBD_STATUS_INVALID_PARAMETER
        }
        return nil
    }

    /// Does what a block asks for. Returns how it ended, or nil when it ends later.
    private func begin(_ block: Block, _ pending: PendingBlock) -> USBD_STATUS? {
        switch block.function {
        case URB_FUNCTION_SELECT_CONFIGURATION: return atPassive { selectConfiguration(block) }
        case URB_FUNCTION_SELECT_INTERFACE: return atPassive { selectInterface(block) }
        case URB_FUNCTION_ABORT_PIPE: return abortPipe(block, pending)
        case URB_FUNCTION_SYNC_RESET_PIPE_AND_CLEAR_STALL, URB_FUNCTION_SYNC_RESET_PIPE, URB_FUNCTION_SYNC_CLEAR_STALL:
            return resetPipe(block, pending)
        case URB_FUNCTION_GET_CURRENT_FRAME_NUMBER: return tellFrame(block)
        case URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER: return moveData(block, pending)
        case URB_FUNCTION_ISOCH_TRANSFER: return moveIsochronous(block, pending)
        case URB_FUNCTION_TAKE_FRAME_LENGTH_CONTROL...URB_FUNCTION_SET_FRAME_LENGTH,
            URB_FUNCTION_GET_MS_FEATURE_DESCRIPTOR, URB_FUNCTION_OPEN_STATIC_STREAMS,
            URB_FUNCTION_CLOSE_STATIC_STREAMS, URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER_USING_CHAINED_MDL,
            URB_FUNCTION_ISOCH_TRANSFER_USING_CHAINED_MDL, URB_FUNCTION_GET_ISOCH_PIPE_TRANSFER_PATH_DELAYS:
            return USBD_STATUS_NOT_SUPPORTED
        default: return control(block, pending)
        }
    }

    /// Runs what has to wait for the device, which a thread above PASSIVE_LEVEL may not.
    private func atPassive(_ body: () -> USBD_STATUS) -> USBD_STATUS {
        InterruptLevel.current == InterruptLevel.passive ? body() : USBD_STATUS_INVALID_PARAMETER
    }

    private func tellFrame(_ block: Block) -> USBD_STATUS {
        guard let view = unsafe block.view(_URB_GET_CURRENT_FRAME_NUMBER.self) else {
            return USBD_STATUS_INVALID_PARAMETER
        }
        unsafe view.pointee.FrameNumber = host.controller.frame().frame.truncated32
        return USBD_STATUS_SUCCESS
    }

    /// The open pipe of this target that a block names.
    func pipe(_ handle: USBD_PIPE_HANDLE?) -> TargetPipe? {
        guard let pipe = unsafe TargetPipe.named(by: handle), pipe.target === self else { return nil }
        return pipe
    }

    // MARK: Requests

    public override func take(_ request: PIRP, _ location: PIO_STACK_LOCATION) -> NTSTATUS {
        unsafe takeRequest(request, location)
    }
}
