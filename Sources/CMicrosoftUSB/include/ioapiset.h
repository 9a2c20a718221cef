// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The end of overlapped operations. Completion ports and DeviceIoControl are not offered.

#ifndef CMICROSOFTUSB_IOAPISET_H
#define CMICROSOFTUSB_IOAPISET_H

#include "minwinbase.h"

EXTERN_C_START

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytesTransferred, BOOL wait);
BOOL WINAPI GetOverlappedResultEx(
    HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytesTransferred, DWORD milliseconds, BOOL alertable);
BOOL WINAPI CancelIo(HANDLE file);
BOOL WINAPI CancelIoEx(HANDLE file, LPOVERLAPPED overlapped);

EXTERN_C_END

#endif
