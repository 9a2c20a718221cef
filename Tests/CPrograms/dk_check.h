// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What the programs of this folder that use DriverKit have in common: checks that name themselves when they fail.

#ifndef DK_CHECK_H
#define DK_CHECK_H

#include <swiftusb_driverkit_host.h>

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* A call that returns this code. */
#define CHECK_RETURNS(call, code) \
    do { \
        const kern_return_t returned = (call); \
        if (returned != (code)) { \
            fprintf(stderr, "%s:%d: %s returned 0x%08x and not %s\n", __FILE__, __LINE__, #call, (unsigned)returned, \
                    #code); \
            exit(1); \
        } \
    } while (0)

#define CHECK_SUCCEEDS(call) CHECK_RETURNS(call, kIOReturnSuccess)

/* Waits in the time of the bus until something holds, which must come within a minute of it. */
#define WAIT_UNTIL(condition) \
    do { \
        const uint64_t since = mach_absolute_time(); \
        while (!(condition)) { \
            CHECK(mach_absolute_time() - since < 60000000000ull); \
            IOSleep(1); \
        } \
    } while (0)

#endif
