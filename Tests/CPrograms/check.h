// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What the programs of this folder that use the library have in common: a check that names itself when it fails, and the
// device that they open.

#ifndef CHECK_H
#define CHECK_H

#include <windows.h>
#include <winusb.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s does not hold; the last error is %u\n", __FILE__, __LINE__, #condition, \
                    (unsigned)GetLastError()); \
            exit(1); \
        } \
    } while (0)

/* A call that fails with this code. */
#define CHECK_FAILS(call, code) \
    do { \
        SetLastError(ERROR_SUCCESS); \
        CHECK(!(call)); \
        CHECK(GetLastError() == (code)); \
    } while (0)

/* Opens Gadget Zero. */
static inline HANDLE OpenZero(void) {
    HANDLE file = CreateFileA("usb:0525:a4a0", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
    CHECK(file != INVALID_HANDLE_VALUE);
    return file;
}

#endif
