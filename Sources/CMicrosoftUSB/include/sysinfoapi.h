// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Time of day, and time since the start.

#ifndef CMICROSOFTUSB_SYSINFOAPI_H
#define CMICROSOFTUSB_SYSINFOAPI_H

#include "minwinbase.h"

EXTERN_C_START

DWORD WINAPI GetTickCount(void);
ULONGLONG WINAPI GetTickCount64(void);
void WINAPI GetSystemTimeAsFileTime(LPFILETIME time);
void WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME time);
void WINAPI GetSystemTime(LPSYSTEMTIME time);
void WINAPI GetLocalTime(LPSYSTEMTIME time);

EXTERN_C_END

#endif
