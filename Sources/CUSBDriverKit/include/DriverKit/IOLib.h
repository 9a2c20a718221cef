// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Memory, locks, waiting, the log, and the clock.

#pragma once

#include <mach/mach_time.h>
#include <os/log.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mutex>
#include <new>

#include <DriverKit/IOReturn.h>
#include <DriverKit/IOTypes.h>
#include <swiftusb_driverkit.h>

#ifndef KERN_SUCCESS
#define KERN_SUCCESS kIOReturnSuccess
#endif

// ---- Memory -------------------------------------------------------------------------------------------------------

inline void *IOMalloc(size_t length) { return malloc(length == 0 ? 1 : length); }
inline void *IOMallocZero(size_t length) { return calloc(1, length == 0 ? 1 : length); }
inline void IOFree(void *address, size_t length) {
    (void)length;
    free(address);
}

namespace swiftusb {

template <class Element>
Element *NewArray(size_t count, bool isZeroed) {
    if (count > SIZE_MAX / sizeof(Element)) return nullptr;
    size_t length = count * sizeof(Element);
    return static_cast<Element *>(isZeroed ? IOMallocZero(length) : IOMalloc(length));
}

}  // namespace swiftusb

/// Memory for `count` of a type, without running constructors; NULL when there is none.
#define IONew(type, count) (::swiftusb::NewArray<type>(count, false))
/// The same, zeroed.
#define IONewZero(type, count) (::swiftusb::NewArray<type>(count, true))
/// Memory of IONew or IONewZero back, without running destructors.
#define IODelete(pointer, type, count) IOFree(pointer, sizeof(type) * (count))
#define IOSafeDeleteNULL(pointer, type, count) \
    do { \
        if ((pointer) != nullptr) { \
            IODelete(pointer, type, count); \
            (pointer) = nullptr; \
        } \
    } while (0)

// ---- Locks --------------------------------------------------------------------------------------------------------

/// A lock. Whoever holds one must not wait for the bus meanwhile: time does not pass for a thread that waits for a
/// lock.
struct IOLock {
    std::mutex mutex;
};

inline IOLock *IOLockAlloc() { return new (std::nothrow) IOLock; }
inline void IOLockFree(IOLock *lock) { delete lock; }
inline void IOLockLock(IOLock *lock) { lock->mutex.lock(); }
inline bool IOLockTryLock(IOLock *lock) { return lock->mutex.try_lock(); }
inline void IOLockUnlock(IOLock *lock) { lock->mutex.unlock(); }

/// A lock that its holder may take again.
struct IORecursiveLock {
    std::recursive_mutex mutex;
};

inline IORecursiveLock *IORecursiveLockAlloc() { return new (std::nothrow) IORecursiveLock; }
inline void IORecursiveLockFree(IORecursiveLock *lock) { delete lock; }
inline void IORecursiveLockLock(IORecursiveLock *lock) { lock->mutex.lock(); }
inline bool IORecursiveLockTryLock(IORecursiveLock *lock) { return lock->mutex.try_lock(); }
inline void IORecursiveLockUnlock(IORecursiveLock *lock) { lock->mutex.unlock(); }

// ---- Time ---------------------------------------------------------------------------------------------------------

/// Blocks for some time of the bus.
inline void IOSleep(uint64_t milliseconds) { swiftusb_dk_sleep(milliseconds * 1000000); }
inline void IODelay(uint64_t microseconds) { swiftusb_dk_sleep(microseconds * 1000); }

#if !defined(__APPLE__)
#ifndef CLOCK_UPTIME_RAW
#define CLOCK_UPTIME_RAW 8
#endif

/// The time of the bus, whichever clock is asked for.
inline uint64_t clock_gettime_nsec_np(int clock) {
    (void)clock;
    return swiftusb_dk_clock();
}
#endif

// ---- The log ------------------------------------------------------------------------------------------------------

/// Writes to the standard error stream, as printf does.
inline int IOLog(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    swiftusb_log(false, format, arguments);
    va_end(arguments);
    return 0;
}
