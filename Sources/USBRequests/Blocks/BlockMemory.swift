// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import CMicrosoftUSBDrivers
import NTKernel
import USBHost

/// The memory of USB request blocks (URBs) that were allocated here, and which blocks are under way.
@safe public final class BlockMemory: @unchecked Sendable {
    /// The list of the process.
    public static let shared = BlockMemory()

    /// A block that was allocated here.
    struct Allocation {
        /// The handle or object that it was allocated with.
        var owner: UInt
        var byteCount: Int
        var isIsochronous: Bool
    }

    private let lock = Lock()
    private var allocations: [UInt: Allocation] = [:]
    /// The blocks under way, with the address of their request.
    private var active: [UInt: UInt] = [:]

    /// The tag of the memory in the pool.
    private static let tag: UInt32 = 0x4244_5355

    /// The most packets that a block can have: its length has 16 bits.
    public static let maximumPacketCount: UInt32 = UInt32(
        (Int(UInt16.max) - isochronousSize) / MemoryLayout<USBD_ISO_PACKET_DESCRIPTOR>.size)

    /// The size of an isochronous block, which has one packet already.
    private static var isochronousSize: Int { unsafe MemoryLayout<_URB_ISOCH_TRANSFER>.size }

    /// The size of a block for so many packets (GET_ISO_URB_SIZE).
    public static func byteCount(packets: Int) -> Int {
        isochronousSize + packets * MemoryLayout<USBD_ISO_PACKET_DESCRIPTOR>.size
    }

    /// Allocates a block, zeroed; nil when there is no memory.
    public func allocate(byteCount: Int, isIsochronous: Bool, owner: UInt) -> PURB? {
        guard let memory = unsafe Pool.shared.allocate(byteCount, tag: BlockMemory.tag, zeroed: true) else {
            return nil
        }
        let allocation = Allocation(owner: owner, byteCount: byteCount, isIsochronous: isIsochronous)
        lock.withLock { allocations[UInt(bitPattern: memory)] = allocation }
        // Sound: a block's members are looked at as far as its length says.
        return unsafe memory.assumingMemoryBound(to: URB.self)
    }

    /// Whether a block was allocated here with that owner.
    public func isKnown(_ block: PURB, owner: UInt) -> Bool {
        lock.withLock { allocations[UInt(bitPattern: block)]?.owner == owner }
    }

    /// Frees a block. What was not allocated here with that owner, was freed, or is under way, is a bug check of
    /// `function`.
    public func free(_ block: PURB, owner: UInt, in function: String) {
        let address = UInt(bitPattern: block)
        enum Fault { case unknown, isActive(UInt) }
        let fault: Fault? = lock.withLock {
            guard allocations[address]?.owner == owner else { return .unknown }
            if let request = active[address] { return .isActive(request) }
            allocations[address] = nil
            return nil
        }
        switch fault {
        case nil: unsafe Pool.shared.free(block, tag: BlockMemory.tag, in: function)
        case .unknown:
            BugCheck(
                BugCheckCode.usbDriver, [1, address], in: function,
                "the block was freed before, or was not allocated with this handle"
            ).report()
        case .isActive(let request):
            BugCheck(
                BugCheckCode.usbDriver, [2, request, 0, address], in: function, "the block is still under way"
            ).report()
        }
    }

    /// What is known of a block's memory; nil when it is the driver's own.
    func allocation(of block: PURB) -> Allocation? { lock.withLock { allocations[UInt(bitPattern: block)] } }

    /// The block goes under way in a request. Returns false, with a bug check, when it is under way already.
    func begin(_ block: PURB, request: UInt, in function: String) -> Bool {
        let address = UInt(bitPattern: block)
        let other: UInt? = lock.withLock {
            if let other = active[address] { return other }
            active[address] = request
            return nil
        }
        guard let other else { return true }
        BugCheck(
            BugCheckCode.usbDriver, [2, other, request, address], in: function,
            "the block is under way, and cannot be submitted again before it has ended"
        ).report()
        return false
    }

    /// The block is no longer under way.
    func end(_ block: PURB) {
        lock.withLock { _ = active.removeValue(forKey: UInt(bitPattern: block)) }
    }
}
