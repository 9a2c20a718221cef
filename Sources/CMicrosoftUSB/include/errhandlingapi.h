// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The calling thread's last error.

#ifndef CMICROSOFTUSB_ERRHANDLINGAPI_H
#define CMICROSOFTUSB_ERRHANDLINGAPI_H

#include "winnt.h"

EXTERN_C_START

DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD code);

EXTERN_C_END

#endif
