// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The basic types.
//
// Widths are Windows's own, whatever the machine: DWORD, ULONG, LONG, BOOL have 32 bits, never those of `long`. So a
// ULONG prints with "%u", and the address of an `unsigned long` is not a PULONG.

#ifndef CMICROSOFTUSB_WINDEF_H
#define CMICROSOFTUSB_WINDEF_H

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "basetsd.h"
#include "microsoftcompiler.h"
#include "sal.h"
#include "sdkddkver.h"

// Calling conventions: there is one.
#define WINAPI
#define WINAPIV
#define APIENTRY
#define APIPRIVATE
#define CALLBACK
#define PASCAL
#define FAR
#define NEAR
#define NTAPI
#define WINBASEAPI
#define WINUSERAPI
#define WINSETUPAPI
#define CMAPI
#define UNALIGNED
#define RESTRICTED_POINTER

// Declarations' attributes by macro.
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#define DECLSPEC_ALIGN(bytes) __attribute__((__aligned__(bytes)))
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#define DECLSPEC_NOTHROW __attribute__((__nothrow__))
#define DECLSPEC_DEPRECATED __attribute__((__deprecated__))
#define DECLSPEC_UUID(text)
#define DECLSPEC_NOVTABLE
#define DECLSPEC_SAFEBUFFERS
#define FORCEINLINE __forceinline
#define CFORCEINLINE FORCEINLINE

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

// Words that annotate by being there.
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif

typedef char CHAR, *PCHAR, *LPCH, *PCH, CCHAR;
typedef signed char SCHAR, *PSCHAR;
typedef uint8_t UCHAR, *PUCHAR;
typedef uint8_t BYTE, *PBYTE, *LPBYTE;
typedef BYTE BOOLEAN, *PBOOLEAN;
typedef int16_t SHORT, *PSHORT;
typedef uint16_t USHORT, *PUSHORT;
typedef uint16_t WORD, *PWORD, *LPWORD;
typedef int32_t INT, *PINT, *LPINT;
typedef uint32_t UINT, *PUINT, *LPUINT;
typedef int32_t LONG, *PLONG, *LPLONG;
typedef uint32_t ULONG, *PULONG, *LPULONG;
typedef uint32_t DWORD, *PDWORD, *LPDWORD;
typedef long long LONGLONG, *PLONGLONG;
typedef unsigned long long ULONGLONG, *PULONGLONG;
typedef unsigned long long DWORDLONG, *PDWORDLONG;
typedef int32_t BOOL, *PBOOL, *LPBOOL;
typedef int32_t HRESULT;
typedef int32_t NTSTATUS, *PNTSTATUS;
typedef float FLOAT, *PFLOAT;
typedef double DOUBLE;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID, *PCVOID;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM;
typedef LONG_PTR LRESULT;
typedef WORD ATOM;
typedef WORD LANGID;
typedef DWORD LCID;
typedef DWORD COLORREF;
typedef DWORD ACCESS_MASK, *PACCESS_MASK;

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

// Text. WCHAR is the compiler's wchar_t, so that L"" literals and the wcs functions work: 32 bits here, 16 on Windows.
// What a device sends stays UTF-16 in units of 16 bits; see usbspec.h.
typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH;
typedef const WCHAR *LPCWCH, *PCWCH;
typedef CHAR *PSTR, *LPSTR, *NPSTR, *PZZSTR;
typedef const CHAR *PCSTR, *LPCSTR, *LPCCH, *PCCH, *PCZZSTR;
typedef WCHAR *PWSTR, *LPWSTR, *NWPSTR, *PZZWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR, *PCZZWSTR;
typedef PWSTR *PZPWSTR;

// Some programs compile for wide text by the one name, some by the other: tchar.h looks at _UNICODE, Win32 at UNICODE.
#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR, TBYTE, *PTBYTE;
typedef LPWSTR PTSTR, LPTSTR, PTCH, LPTCH;
typedef LPCWSTR PCTSTR, LPCTSTR;
#define __TEXT(quoted) L##quoted
#else
typedef char TCHAR, *PTCHAR;
typedef unsigned char TBYTE, *PTBYTE;
typedef LPSTR PTSTR, LPTSTR, PTCH, LPTCH;
typedef LPCSTR PCTSTR, LPCTSTR;
#define __TEXT(quoted) quoted
#endif
#define TEXT(quoted) __TEXT(quoted)
// CMICROSOFTUSB_TCHAR tells tchar.h that TCHAR is there already.
#define CMICROSOFTUSB_TCHAR

// Handles. HANDLE is a pointer by type; its value is a token that only the library understands.
typedef void *HANDLE, **PHANDLE, **LPHANDLE;
typedef HANDLE HGLOBAL, HLOCAL, GLOBALHANDLE, LOCALHANDLE;
#define DECLARE_HANDLE(name) \
    struct name##__ { int unused; }; \
    typedef struct name##__ *name
DECLARE_HANDLE(HINSTANCE);
DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HKEY);
typedef HINSTANCE HMODULE;
typedef HKEY *PHKEY;

typedef INT_PTR (WINAPI *FARPROC)(void);
typedef INT_PTR (WINAPI *NEARPROC)(void);
typedef INT_PTR (WINAPI *PROC)(void);

#define MAX_PATH 260

// Parts of a word.
#define MAKEWORD(low, high) \
    ((WORD)(((BYTE)((DWORD_PTR)(low) & 0xFF)) | ((WORD)((BYTE)((DWORD_PTR)(high) & 0xFF))) << 8))
#define MAKELONG(low, high) \
    ((LONG)(((WORD)((DWORD_PTR)(low) & 0xFFFF)) | ((DWORD)((WORD)((DWORD_PTR)(high) & 0xFFFF))) << 16))
#define LOWORD(value) ((WORD)((DWORD_PTR)(value) & 0xFFFF))
#define HIWORD(value) ((WORD)(((DWORD_PTR)(value) >> 16) & 0xFFFF))
#define LOBYTE(value) ((BYTE)((DWORD_PTR)(value) & 0xFF))
#define HIBYTE(value) ((BYTE)(((DWORD_PTR)(value) >> 8) & 0xFF))

// The smaller and the larger. In C++ the macros would break the standard library's headers: templates take their place,
// which lose against std::min wherever both fit.
#ifndef NOMINMAX
#ifndef __cplusplus
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#elif !defined(max) && !defined(min)
#include "minmax.h"
#endif
#endif

#endif
