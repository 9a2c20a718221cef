// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Whole pages.

#ifndef CMICROSOFTUSB_MEMORYAPI_H
#define CMICROSOFTUSB_MEMORYAPI_H

#include "winnt.h"

EXTERN_C_START

LPVOID WINAPI VirtualAlloc(LPVOID address, SIZE_T bytes, DWORD allocationType, DWORD protection);
BOOL WINAPI VirtualFree(LPVOID address, SIZE_T bytes, DWORD freeType);

EXTERN_C_END

#endif
