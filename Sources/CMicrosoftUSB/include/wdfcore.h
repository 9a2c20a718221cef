// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Timeouts in units of 100 ns, and small arithmetic.

#ifndef CMICROSOFTUSB_WDFCORE_H
#define CMICROSOFTUSB_WDFCORE_H

#include "wdftypes.h"

#define WDF_STRUCTURE_SIZE(name) ((ULONG)sizeof(name))

#define WDF_TIMEOUT_TO_SEC ((LONGLONG)1 * 10 * 1000 * 1000)
#define WDF_TIMEOUT_TO_MS ((LONGLONG)1 * 10 * 1000)
#define WDF_TIMEOUT_TO_US ((LONGLONG)1 * 10)

// From now: negative.
FORCEINLINE LONGLONG WDF_REL_TIMEOUT_IN_SEC(ULONGLONG time) { return (LONGLONG)(0 - time * 10000000ULL); }
FORCEINLINE LONGLONG WDF_REL_TIMEOUT_IN_MS(ULONGLONG time) { return (LONGLONG)(0 - time * 10000ULL); }
FORCEINLINE LONGLONG WDF_REL_TIMEOUT_IN_US(ULONGLONG time) { return (LONGLONG)(0 - time * 10ULL); }

// Since 1601: positive.
FORCEINLINE LONGLONG WDF_ABS_TIMEOUT_IN_SEC(ULONGLONG time) { return (LONGLONG)(time * 10000000ULL); }
FORCEINLINE LONGLONG WDF_ABS_TIMEOUT_IN_MS(ULONGLONG time) { return (LONGLONG)(time * 10000ULL); }
FORCEINLINE LONGLONG WDF_ABS_TIMEOUT_IN_US(ULONGLONG time) { return (LONGLONG)(time * 10ULL); }

// To a power of two.
FORCEINLINE size_t WDF_ALIGN_SIZE_DOWN(size_t length, size_t alignTo) { return length & ~(alignTo - 1); }
FORCEINLINE size_t WDF_ALIGN_SIZE_UP(size_t length, size_t alignTo) {
    return WDF_ALIGN_SIZE_DOWN(length + alignTo - 1, alignTo);
}

#define WDF_PTR_ADD_OFFSET_TYPE(pointer, offset, type) ((type)((PUCHAR)(pointer) + (offset)))
#define WDF_PTR_ADD_OFFSET(pointer, offset) WDF_PTR_ADD_OFFSET_TYPE(pointer, offset, PVOID)
#define WDF_PTR_GET_OFFSET(base, address) ((size_t)((PUCHAR)(address) - (PUCHAR)(base)))

// Microsoft's compiler takes the address of any pointer where a function of the framework gives out a PVOID, so drivers
// in C pass theirs without a cast. Macros of the functions' own names add it; with the name in brackets a call escapes
// them.
#ifdef __cplusplus
#define SWIFTUSB_ANY_POINTER(pointer) (pointer)
#else
#define SWIFTUSB_ANY_POINTER(pointer) ((PVOID *)(pointer))
#endif

#define WDFCASSERT(condition) C_ASSERT(condition)

#endif
