// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The calling thread, as operations and locks remember it.
@safe public enum CurrentThread {
    /// The number of the thread, never given to another: a multiple of four, as Windows has them.
    public static var id: UInt64 {
        // The pointer itself is the value, so that no thread needs memory for it.
        let known = UInt64(UInt(bitPattern: unsafe pthread_getspecific(key)))
        if known != 0 { return known }
        let number = next.add(4, ordering: .relaxed).newValue
        unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: UInt(number)))
        return number
    }

    private static let next = Atomic<UInt64>(0)

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "no keys for values of threads are left")
        return key
    }()
}

/// The value of an environment variable.
package func environmentVariable(_ name: String) -> String? {
    // Sound as long as no other thread changes the environment meanwhile, which POSIX forbids; the text is copied.
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
