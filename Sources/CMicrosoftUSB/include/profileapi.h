// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The performance counter: the bus's clock.

#ifndef CMICROSOFTUSB_PROFILEAPI_H
#define CMICROSOFTUSB_PROFILEAPI_H

#include "winnt.h"

EXTERN_C_START

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency);

EXTERN_C_END

#endif
