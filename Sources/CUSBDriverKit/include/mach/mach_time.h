// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The clock of DriverKit. Its time is the bus's.

#pragma once

#if defined(__APPLE__)
#include_next <mach/mach_time.h>
#else

#include <stdint.h>
#include <swiftusb_driverkit.h>

typedef struct mach_timebase_info {
    uint32_t numer;
    uint32_t denom;
} mach_timebase_info_data_t;
typedef mach_timebase_info_data_t *mach_timebase_info_t;

/// The time now, in the units that mach_timebase_info tells: nanoseconds of the bus's clock.
static inline uint64_t mach_absolute_time(void) { return swiftusb_dk_clock(); }

/// The same: time does not go on here while the machine sleeps.
static inline uint64_t mach_continuous_time(void) { return swiftusb_dk_clock(); }

/// What a unit of mach_absolute_time is in nanoseconds, as a fraction: 1/1.
static inline kern_return_t mach_timebase_info(mach_timebase_info_t info) {
    info->numer = 1;
    info->denom = 1;
    return kIOReturnSuccess;
}

#endif
