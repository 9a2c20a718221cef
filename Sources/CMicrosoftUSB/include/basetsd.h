// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Integers of fixed width and of a pointer's width.

#ifndef CMICROSOFTUSB_BASETSD_H
#define CMICROSOFTUSB_BASETSD_H

#include <stddef.h>
#include <stdint.h>

#include "microsoftcompiler.h"

typedef int8_t INT8, *PINT8;
typedef int16_t INT16, *PINT16;
typedef int32_t INT32, *PINT32;
typedef long long INT64, *PINT64;
typedef uint8_t UINT8, *PUINT8;
typedef uint16_t UINT16, *PUINT16;
typedef uint32_t UINT32, *PUINT32;
typedef unsigned long long UINT64, *PUINT64;
typedef int32_t LONG32, *PLONG32;
typedef long long LONG64, *PLONG64;
typedef uint32_t ULONG32, *PULONG32;
typedef uint32_t DWORD32, *PDWORD32;
typedef unsigned long long ULONG64, *PULONG64;
typedef unsigned long long DWORD64, *PDWORD64;

typedef intptr_t INT_PTR, *PINT_PTR;
typedef uintptr_t UINT_PTR, *PUINT_PTR;
typedef intptr_t LONG_PTR, *PLONG_PTR;
typedef uintptr_t ULONG_PTR, *PULONG_PTR;
typedef uintptr_t DWORD_PTR, *PDWORD_PTR;
// The same C type as size_t; written so that Swift sees an unsigned one.
typedef uintptr_t SIZE_T, *PSIZE_T;
typedef intptr_t SSIZE_T, *PSSIZE_T;

// A handle carries 32 significant bits; these convert without a warning about a lost width.
#define HandleToULong(handle) ((ULONG)(ULONG_PTR)(handle))
#define HandleToUlong(handle) HandleToULong(handle)
#define HandleToLong(handle) ((LONG)(LONG_PTR)(handle))
#define ULongToHandle(value) ((HANDLE)(ULONG_PTR)(value))
#define UlongToHandle(value) ULongToHandle(value)
#define LongToHandle(value) ((HANDLE)(LONG_PTR)(value))
#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define UlongToPtr(value) ((VOID *)(ULONG_PTR)(value))
#define ULongToPtr(value) UlongToPtr(value)
#define LongToPtr(value) ((VOID *)(LONG_PTR)(value))

#endif
