// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Words that Microsoft's compiler knows before any header. Every other header here includes this one; a program that
// uses such words ahead of them is compiled with `-include microsoftcompiler.h`.

#ifndef CMICROSOFTUSB_MICROSOFTCOMPILER_H
#define CMICROSOFTUSB_MICROSOFTCOMPILER_H

// wchar_t, which is no keyword in C.
#include <stddef.h>

// Integers by width. As macros, so that `unsigned __int64` works.
#ifndef __int64
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#define _int64 long long
#endif

// Calling conventions: there is one.
#ifndef __cdecl
#define __cdecl
#define _cdecl
#define __stdcall
#define _stdcall
#define __fastcall
#define __thiscall
#define __vectorcall
#define __pascal
#endif
#define __ptr32
#define __ptr64
#define __w64
#define __unaligned

// __declspec(x) becomes the attribute of the same meaning; a word without one on this list does not compile.
#ifdef __declspec
#undef __declspec
#endif
#define __declspec(word) swiftusb_declspec_##word
#define _declspec(word) swiftusb_declspec_##word
#define swiftusb_declspec_dllexport
#define swiftusb_declspec_dllimport
#define swiftusb_declspec_novtable
#define swiftusb_declspec_safebuffers
#define swiftusb_declspec_allocator
#define swiftusb_declspec_restrict
#define swiftusb_declspec_noalias
#define swiftusb_declspec_uuid(text)
#define swiftusb_declspec_nothrow __attribute__((__nothrow__))
#define swiftusb_declspec_noreturn __attribute__((__noreturn__))
#define swiftusb_declspec_noinline __attribute__((__noinline__))
#define swiftusb_declspec_deprecated __attribute__((__deprecated__))
#define swiftusb_declspec_selectany __attribute__((__weak__))
#define swiftusb_declspec_align(bytes) __attribute__((__aligned__(bytes)))
#define swiftusb_declspec_thread __thread

#ifndef __forceinline
#define __forceinline __inline__ __attribute__((__always_inline__))
#endif
#ifndef _inline
#define _inline __inline__
#endif
#define __assume(condition) ((void)0)
#define __debugbreak() __builtin_trap()

#endif
