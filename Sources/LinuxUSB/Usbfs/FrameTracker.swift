// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import USBHost
import USBSpecification

/// The frame count of this machine's buses, which usbfs does not tell: it free-runs from the machine's clock, and the
/// completions of one isochronous pipe at a time discipline it. Buses of one machine differ in phase and by their
/// crystals, so that two pipes would pull it two ways.
final class FrameTracker: @unchecked Sendable {
    private let lock = Lock()
    private var estimator: FrameEstimator
    private let clock: BusClock
    /// Whose completions count now.
    private var teacher: ObjectIdentifier?

    init(clock: BusClock) {
        self.clock = clock
        estimator = FrameEstimator(now: clock.presentInstant)
    }

    func reading() -> FrameReading {
        lock.withLock { estimator.reading(at: clock.presentInstant) }
    }

    /// Learns that an isochronous request of `pipe` ended: at `end`, if it followed another without a gap. Returns the
    /// position that is under way now.
    func learn(from pipe: UsbfsPipe, end: Microframe?, at time: BusInstant) -> Microframe {
        lock.withLock {
            if teacher == nil { teacher = ObjectIdentifier(pipe) }
            if teacher == ObjectIdentifier(pipe) { estimator.completed(at: end, observed: time) }
            return estimator.reading(at: time).microframe
        }
    }

    /// The pipe's stream has ended.
    func forget(_ pipe: UsbfsPipe) {
        lock.withLock { if teacher == ObjectIdentifier(pipe) { teacher = nil } }
    }
}
#endif
