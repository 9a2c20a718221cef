// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The last error of each thread: a value of the system error codes (winerror.h).
@safe public enum LastError {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key, nil)
        precondition(status == 0, "no keys for values of threads are left")
        return key
    }()

    /// The calling thread's code; 0 at first.
    public static var current: UInt32 {
        // The pointer itself is the value, so that no thread needs memory for it.
        get { UInt32(truncatingIfNeeded: unsafe Int(bitPattern: pthread_getspecific(key))) }
        set { unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: Int(newValue))) }
    }
}
