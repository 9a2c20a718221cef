// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// String functions that know the room they have, in characters (Cch) or in bytes (Cb). They always terminate.

#ifndef CMICROSOFTUSB_STRSAFE_H
#define CMICROSOFTUSB_STRSAFE_H

#include <stdarg.h>

#include "winerror.h"
#include "winnt.h"

#define STRSAFEAPI HRESULT
#define STRSAFE_MAX_CCH 2147483647
#define STRSAFE_MAX_LENGTH (STRSAFE_MAX_CCH - 1)
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE ((HRESULT)0x80070026)
typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR;
typedef wchar_t *STRSAFE_LPWSTR;
typedef const wchar_t *STRSAFE_LPCWSTR;

EXTERN_C_START

HRESULT StringCchCopyA(LPSTR to, size_t capacity, LPCSTR from);
HRESULT StringCchCopyW(LPWSTR to, size_t capacity, LPCWSTR from);
HRESULT StringCbCopyA(LPSTR to, size_t bytes, LPCSTR from);
HRESULT StringCbCopyW(LPWSTR to, size_t bytes, LPCWSTR from);
HRESULT StringCchCopyNA(LPSTR to, size_t capacity, LPCSTR from, size_t count);
HRESULT StringCchCopyNW(LPWSTR to, size_t capacity, LPCWSTR from, size_t count);
HRESULT StringCbCopyNA(LPSTR to, size_t bytes, LPCSTR from, size_t fromBytes);
HRESULT StringCbCopyNW(LPWSTR to, size_t bytes, LPCWSTR from, size_t fromBytes);
HRESULT StringCchCatA(LPSTR to, size_t capacity, LPCSTR from);
HRESULT StringCchCatW(LPWSTR to, size_t capacity, LPCWSTR from);
HRESULT StringCbCatA(LPSTR to, size_t bytes, LPCSTR from);
HRESULT StringCbCatW(LPWSTR to, size_t bytes, LPCWSTR from);
HRESULT StringCchLengthA(LPCSTR text, size_t capacity, size_t *length);
HRESULT StringCchLengthW(LPCWSTR text, size_t capacity, size_t *length);
HRESULT StringCbLengthA(LPCSTR text, size_t bytes, size_t *length);
HRESULT StringCbLengthW(LPCWSTR text, size_t bytes, size_t *length);
HRESULT StringCchVPrintfA(LPSTR to, size_t capacity, LPCSTR format, va_list arguments);
HRESULT StringCchVPrintfW(LPWSTR to, size_t capacity, LPCWSTR format, va_list arguments);
HRESULT StringCbVPrintfA(LPSTR to, size_t bytes, LPCSTR format, va_list arguments);
HRESULT StringCbVPrintfW(LPWSTR to, size_t bytes, LPCWSTR format, va_list arguments);
HRESULT StringCchPrintfA(LPSTR to, size_t capacity, LPCSTR format, ...);
HRESULT StringCchPrintfW(LPWSTR to, size_t capacity, LPCWSTR format, ...);
HRESULT StringCbPrintfA(LPSTR to, size_t bytes, LPCSTR format, ...);
HRESULT StringCbPrintfW(LPWSTR to, size_t bytes, LPCWSTR format, ...);

EXTERN_C_END

#ifdef UNICODE
#define StringCchCopy StringCchCopyW
#define StringCbCopy StringCbCopyW
#define StringCchCopyN StringCchCopyNW
#define StringCbCopyN StringCbCopyNW
#define StringCchCat StringCchCatW
#define StringCbCat StringCbCatW
#define StringCchLength StringCchLengthW
#define StringCbLength StringCbLengthW
#define StringCchVPrintf StringCchVPrintfW
#define StringCbVPrintf StringCbVPrintfW
#define StringCchPrintf StringCchPrintfW
#define StringCbPrintf StringCbPrintfW
#else
#define StringCchCopy StringCchCopyA
#define StringCbCopy StringCbCopyA
#define StringCchCopyN StringCchCopyNA
#define StringCbCopyN StringCbCopyNA
#define StringCchCat StringCchCatA
#define StringCbCat StringCbCatA
#define StringCchLength StringCchLengthA
#define StringCbLength StringCbLengthA
#define StringCchVPrintf StringCchVPrintfA
#define StringCbVPrintf StringCbVPrintfA
#define StringCchPrintf StringCchPrintfA
#define StringCbPrintf StringCbPrintfA
#endif

#endif
