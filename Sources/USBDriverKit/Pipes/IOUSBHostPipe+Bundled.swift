// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost

/// Bundled transfers on a ring of descriptors.
extension IOUSBHostPipe {
    /// Makes the pipe's ring of `size` places, once for the life of the pipe.
    ///
    /// Returns kIOReturnUnsupported on a pipe that is not bulk, kIOReturnBadArgument for a size of 0 or beyond 65,536, and
    /// kIOReturnBusy when the pipe has its ring.
    public func CreateMemoryDescriptorRing(size: UInt32) -> kern_return_t {
        guard info.type == .bulk else { return kIOReturnUnsupported }
        guard size > 0, size <= 1 << 16 else { return kIOReturnBadArgument }
        return lock.withLock {
            guard ring == nil else { return kIOReturnBusy }
            ring = DescriptorRing(size: Int(size))
            return kIOReturnSuccess
        }
    }

    /// Puts memory in a place of the ring, which keeps it. Places are filled from 0 on; one that is filled can be filled
    /// anew while nothing is under way there.
    ///
    /// Returns kIOReturnNotReady without a ring, kIOReturnBadArgument for a place beyond it or behind one that is empty,
    /// and kIOReturnBusy while a transfer is under way there.
    public func SetMemoryDescriptor(memoryDescriptor: IOMemoryDescriptor, index: UInt32) -> kern_return_t {
        lock.withLock { ring?.set(memoryDescriptor, at: Int(index)) ?? kIOReturnNotReady }
    }

    /// Submits transfers of consecutive places of the ring, which go on at place 0 behind the last.
    ///
    /// - Parameters:
    ///   - ioTransferIndex: the first place.
    ///   - ioTransferCount: how many places, 1 to 16.
    ///   - ioTransferAcceptedCount: how many were submitted: fewer when a place in between was still under way, or when the
    ///     pipe took no more.
    ///   - dataBufferLengthArray: the bytes to move for each of them, as many as `ioTransferCount` says.
    ///   - completion: an action made by `OSAction.CompleteAsyncIOBundled`. It is called for bundles of consecutive places
    ///     that have ended, as they come, until each accepted one has been told once.
    ///   - completionTimeoutMs: of each transfer, as in AsyncIO.
    /// - Returns: kIOReturnSuccess when at least one transfer was accepted; kIOReturnBusy when the first place is still
    ///   under way; kIOReturnNotReady before all places are filled; kIOReturnBadArgument for counts, places and lengths
    ///   that do not fit; and what refuses an AsyncIO.
    public func AsyncIOBundled(
        ioTransferIndex: UInt32, ioTransferCount: UInt32, ioTransferAcceptedCount: inout UInt32,
        dataBufferLengthArray: [UInt32], completion: OSAction?, completionTimeoutMs: UInt32
    ) -> kern_return_t {
        ioTransferAcceptedCount = 0
        guard info.type == .bulk else { return kIOReturnUnsupported }
        guard let completion, case .bundled = completion.method else { return kIOReturnBadArgument }
        let count = Int(ioTransferCount)
        guard count > 0, count <= Int(kIOUSBHostPipeBundlingMax), dataBufferLengthArray.count == count else {
            return kIOReturnBadArgument
        }
        var places: [DescriptorRing.Place] = []
        let refusal = lock.withLock {
            ring?.take(Int(ioTransferIndex), dataBufferLengthArray, into: &places) ?? kIOReturnNotReady
        }
        guard refusal == kIOReturnSuccess else { return refusal }
        for (number, place) in places.enumerated() {
            guard let request = takeDataRequest() else { return kIOReturnUnsupported }
            request.place = place.index
            let status = submit(
                request,
                DataRequest.Call(buffer: place.memory, length: place.length, timeout: completionTimeoutMs), completion)
            guard status == kIOReturnSuccess else {
                lock.withLock { for rest in places[number...] { ring?.free(rest.index) } }
                return number == 0 ? status : kIOReturnSuccess
            }
            ioTransferAcceptedCount += 1
        }
        return kIOReturnSuccess
    }

    /// A transfer of the ring has ended.
    func noteEnded(_ ended: DescriptorRing.Ended) { lock.withLock { ring?.note(ended) } }

    /// Tells of what has ended from a place on, unless that has been told with what stood before it.
    func deliverBundle(from index: Int) {
        let bundle = lock.withLock { ring?.takeBundle(from: index) ?? [] }
        guard let first = bundle.first, case .bundled(let method) = first.action.method else { return }
        let isAborted = bundle.contains(where: \.wasAborted)
        if isAborted { abortedCompletionBegins() }
        method(
            first.action, UInt32(first.index), UInt32(bundle.count), bundle.map(\.byteCount), bundle.map(\.status))
        if isAborted { abortedCompletionEnds() }
    }
}
