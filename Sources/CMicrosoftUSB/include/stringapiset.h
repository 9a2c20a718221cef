// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Between wide text and bytes. The code page of the system (CP_ACP) is UTF-8 here.

#ifndef CMICROSOFTUSB_STRINGAPISET_H
#define CMICROSOFTUSB_STRINGAPISET_H

#include "winnt.h"

#define CP_ACP 0
#define CP_OEMCP 1
#define CP_THREAD_ACP 3
#define CP_UTF8 65001
#define MB_PRECOMPOSED 0x00000001
#define MB_ERR_INVALID_CHARS 0x00000008
#define WC_ERR_INVALID_CHARS 0x00000080
#define WC_NO_BEST_FIT_CHARS 0x00000400

EXTERN_C_START

int WINAPI MultiByteToWideChar(
    UINT codePage, DWORD flags, LPCCH bytes, int byteCount, LPWSTR wide, int wideCount);
int WINAPI WideCharToMultiByte(
    UINT codePage, DWORD flags, LPCWCH wide, int wideCount, LPSTR bytes, int byteCount, LPCCH defaultChar,
    LPBOOL usedDefaultChar);

EXTERN_C_END

#endif
