// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Of the user interface, the formatting of short texts alone: programs without a window use it.

#ifndef CMICROSOFTUSB_WINUSER_H
#define CMICROSOFTUSB_WINUSER_H

#include "winnt.h"

EXTERN_C_START

// Writes at most 1024 characters, the terminator included.
int WINAPIV wsprintfA(LPSTR to, LPCSTR format, ...);
int WINAPIV wsprintfW(LPWSTR to, LPCWSTR format, ...);

EXTERN_C_END

#ifdef UNICODE
#define wsprintf wsprintfW
#else
#define wsprintf wsprintfA
#endif

#endif
