// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Text for a debugger; it goes to the standard error output.

#ifndef CMICROSOFTUSB_DEBUGAPI_H
#define CMICROSOFTUSB_DEBUGAPI_H

#include "winnt.h"

EXTERN_C_START

void WINAPI OutputDebugStringA(LPCSTR text);
void WINAPI OutputDebugStringW(LPCWSTR text);
BOOL WINAPI IsDebuggerPresent(void);

EXTERN_C_END

#ifdef UNICODE
#define OutputDebugString OutputDebugStringW
#else
#define OutputDebugString OutputDebugStringA
#endif

#endif
