// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The scalar types of DriverKit, for C, C++ and Swift.

#ifndef SWIFTUSB_DRIVERKIT_IOTYPES_H
#define SWIFTUSB_DRIVERKIT_IOTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What nearly every method returns: 0, or one of the codes of IOReturn.h.
#if defined(__APPLE__)
#include <mach/kern_return.h>
#else
typedef int kern_return_t;
#endif

// Bits that a method takes as options.
typedef uint32_t IOOptionBits;

// A place in memory, and a number of bytes there.
typedef struct IOAddressSegment {
    uint64_t address;
    uint64_t length;
} IOAddressSegment;

// The direction of a buffer's data, as the device sees the bus: In is from the device to the host.
#define kIOMemoryDirectionNone ((IOOptionBits)0x00000000)
#define kIOMemoryDirectionIn ((IOOptionBits)0x00000001)
#define kIOMemoryDirectionOut ((IOOptionBits)0x00000002)
#define kIOMemoryDirectionInOut ((IOOptionBits)0x00000003)
#define kIOMemoryDirectionOutIn ((IOOptionBits)0x00000003)

#endif
