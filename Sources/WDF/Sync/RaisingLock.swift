// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Synchronization
import USBHost

/// A lock whose holder is at DISPATCH_LEVEL, and so waits for nothing.
@safe final class RaisingLock: @unchecked Sendable {
    private let lock = Lock()
    /// The thread that has the lock; 0 for none.
    private let owner = Atomic<UInt>(0)
    /// The level that the thread had before.
    private var level = InterruptLevel.passive

    /// Takes the lock. Returns false when the thread has it already.
    func acquire() -> Bool {
        let me = BusExecutor.currentThread
        guard owner.load(ordering: .relaxed) != me else { return false }
        lock.lock()
        owner.store(me, ordering: .relaxed)
        level = InterruptLevel.current
        InterruptLevel.current = max(level, InterruptLevel.dispatch)
        return true
    }

    /// Gives the lock back, and the thread the level that it had. Returns false when the thread does not have it.
    func release() -> Bool {
        guard owner.load(ordering: .relaxed) == BusExecutor.currentThread else { return false }
        let level = self.level
        owner.store(0, ordering: .relaxed)
        lock.unlock()
        InterruptLevel.current = level
        return true
    }
}
