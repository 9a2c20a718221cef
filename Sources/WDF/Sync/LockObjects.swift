// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import HostFiles

/// A lock that a thread waits for (WDFWAITLOCK).
@safe final class WaitLockObject: FrameworkObject, @unchecked Sendable {
    let waitLock: OwnedLock

    init(host: ProcessHost = .current) {
        waitLock = OwnedLock(on: host.executor)
        super.init(.waitLock, host: host)
    }
}

/// A lock whose holder is at DISPATCH_LEVEL (WDFSPINLOCK).
@safe final class SpinLockObject: FrameworkObject, @unchecked Sendable {
    let spinLock = RaisingLock()

    init(host: ProcessHost = .current) { super.init(.spinLock, host: host) }
}
