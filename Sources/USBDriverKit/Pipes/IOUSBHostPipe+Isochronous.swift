// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost
import USBSpecification

/// Isochronous transfers.
extension IOUSBHostPipe {
    /// Moves the bytes of a frame list, one entry in each service interval, starting at a frame.
    ///
    /// - Parameters:
    ///   - dataBuffer: the data of the entries back to back, each with the room that its `requestCount` says. A short entry
    ///     leaves a gap.
    ///   - frameList: as many `IOUSBIsochronousFrame`s as it has bytes for. The caller sets `requestCount`. Each `status` is
    ///     kIOReturnInvalid from the submission on, until the transfer has ended: then it is kIOReturnSuccess;
    ///     kIOReturnUnderrun for an IN entry that brought less than asked; kIOUSBNotSent1Err for one whose time had passed;
    ///     kIOUSBNotSent2Err where the wire cannot tell; kIOReturnOverrun; kIOReturnNotResponding; or still
    ///     kIOReturnInvalid if it was aborted first. `completeCount` has the bytes and `timeStamp` the time.
    ///   - firstFrameNumber: the frame, as GetFrameNumber counts, in whose first microframe the first entry goes out; 0 for
    ///     directly behind what is queued, or the next frame in reach.
    ///   - completion: an action made by `OSAction.CompleteAsyncIsochIO`, called when the transfer has ended; nil to wait
    ///     for that here.
    /// - Returns: with an action, kIOReturnSuccess when it will be called. Without one, the summary that the action would
    ///   get: kIOReturnSuccess; kIOReturnUnderrun when an entry was short and none was worse; or the first error of an
    ///   entry, or what ended the whole.
    ///
    ///   Refused, and then never completed: kIOReturnIsoTooOld when the frame lies before the end of what the pipe has
    ///   accepted or more than 1024 frames back; kIOReturnIsoTooNew when it lies more than 1024 ahead; kIOReturnBadArgument
    ///   for a list that is empty, is not a multiple of 24 bytes, has more than 1000 entries, asks for more than the buffer
    ///   has or than an interval takes, or does not fill whole frames, and for a frame that is no multiple of an interval of
    ///   several frames; kIOReturnUnsupported on a pipe of another type;
    ///   kIOReturnNotPermitted and kIOReturnNoDevice as in IO.
    ///
    /// DriverKit documents frame 0 for xHCI controllers alone. Here it means the same whatever the controller: the transfer
    /// follows the one that was accepted before it without a gap as long as that has not ended; otherwise a bus in memory
    /// starts it with the next frame that it can still reach, and Linux's usbfs leaves that to the driver of the controller
    /// (xHCI, EHCI, OHCI, UHCI, dwc2), which takes its next opportunity. A chain that is planned frame by frame shows a
    /// gap by the entries that were not sent; a chain of zeros does not.
    ///
    /// Entries whose frame has passed at submission, by no more than 1024 frames, are not sent and say so, and the rest goes
    /// out in its own frames. A wire that cannot start at a frame comes as close as it can; the time stamps tell.
    public func IsochIO(
        dataBuffer: IOMemoryDescriptor?, frameList: IOMemoryDescriptor?, firstFrameNumber: UInt64, completion: OSAction?
    ) -> kern_return_t {
        guard info.type == .isochronous, let interval = info.serviceInterval else { return kIOReturnUnsupported }
        guard let frameList else { return kIOReturnBadArgument }
        if let completion {
            guard case .isochronous = completion.method else { return kIOReturnBadArgument }
        }
        guard let first = Int64(exactly: firstFrameNumber) else { return kIOReturnIsoTooNew }
        guard let request = takeIsochronousRequest() else { return kIOReturnUnsupported }
        var call = IsochronousRequest.Call(
            buffer: dataBuffer, list: frameList, start: first == 0 ? .asSoonAsPossible : .at(Frame(first)))
        request.begin(on: self, completion)
        guard let count = request.readList(call, limit: lock.withLock { intervalLimit }),
            IsochronousRules.wholeFrames(packets: count, interval: interval) == nil,
            IsochronousRules.alignedStart(Frame(first), interval: interval) == nil
        else {
            request.finish()
            return kIOReturnBadArgument
        }
        let status = passingAborts { (passes) throws(USBError) in
            call.passesAbort = passes
            guard completion == nil else {
                try request.submit(call)
                return kIOReturnSuccess
            }
            return try request.submitAndWait(call)
        }
        if completion == nil || status != kIOReturnSuccess { request.finish() }
        return status
    }
}
