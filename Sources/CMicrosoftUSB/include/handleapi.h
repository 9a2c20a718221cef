// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Handles in general.

#ifndef CMICROSOFTUSB_HANDLEAPI_H
#define CMICROSOFTUSB_HANDLEAPI_H

#include "winnt.h"

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

EXTERN_C_START

BOOL WINAPI CloseHandle(HANDLE object);

EXTERN_C_END

#endif
