// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Control codes, as numbers. DeviceIoControl is not offered: WinUSB's functions do what it would.

#ifndef CMICROSOFTUSB_WINIOCTL_H
#define CMICROSOFTUSB_WINIOCTL_H

#include "winnt.h"

#define FILE_DEVICE_UNKNOWN 0x00000022
#define FILE_DEVICE_USB FILE_DEVICE_UNKNOWN
#define METHOD_BUFFERED 0
#define METHOD_IN_DIRECT 1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER 3
#define FILE_READ_ACCESS 0x0001
#define FILE_WRITE_ACCESS 0x0002
#define FILE_SPECIAL_ACCESS FILE_ANY_ACCESS
#define CTL_CODE(device, function, method, access) \
    (((DWORD)(device) << 16) | ((DWORD)(access) << 14) | ((DWORD)(function) << 2) | (DWORD)(method))

#endif
