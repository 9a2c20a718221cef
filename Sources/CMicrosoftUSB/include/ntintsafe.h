// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Arithmetic that notices when a result does not fit: STATUS_INTEGER_OVERFLOW, and the result is all ones.

#ifndef CMICROSOFTUSB_NTINTSAFE_H
#define CMICROSOFTUSB_NTINTSAFE_H

#include "ntdef.h"
#include "ntstatus.h"

#define SWIFTUSB_SAFE(name, type) \
    FORCEINLINE NTSTATUS Rtl##name##Add(type left, type right, type *result) { \
        if (!__builtin_add_overflow(left, right, result)) return STATUS_SUCCESS; \
        *result = (type)-1; \
        return STATUS_INTEGER_OVERFLOW; \
    } \
    FORCEINLINE NTSTATUS Rtl##name##Sub(type left, type right, type *result) { \
        if (!__builtin_sub_overflow(left, right, result)) return STATUS_SUCCESS; \
        *result = (type)-1; \
        return STATUS_INTEGER_OVERFLOW; \
    } \
    FORCEINLINE NTSTATUS Rtl##name##Mult(type left, type right, type *result) { \
        if (!__builtin_mul_overflow(left, right, result)) return STATUS_SUCCESS; \
        *result = (type)-1; \
        return STATUS_INTEGER_OVERFLOW; \
    }
SWIFTUSB_SAFE(UShort, USHORT)
SWIFTUSB_SAFE(ULong, ULONG)
SWIFTUSB_SAFE(ULongLong, ULONGLONG)
SWIFTUSB_SAFE(ULongPtr, ULONG_PTR)
SWIFTUSB_SAFE(SIZET, SIZE_T)
#define RtlSizeTAdd RtlSIZETAdd
#define RtlSizeTSub RtlSIZETSub
#define RtlSizeTMult RtlSIZETMult
#define RtlUIntAdd RtlULongAdd
#define RtlUIntSub RtlULongSub
#define RtlUIntMult RtlULongMult

#define SWIFTUSB_SAFE_CONVERSION(name, from, to) \
    FORCEINLINE NTSTATUS Rtl##name(from value, to *result) { \
        *result = (to)value; \
        if (*result == value) return STATUS_SUCCESS; \
        *result = (to)-1; \
        return STATUS_INTEGER_OVERFLOW; \
    }
SWIFTUSB_SAFE_CONVERSION(SIZETToULong, SIZE_T, ULONG)
SWIFTUSB_SAFE_CONVERSION(SIZETToUShort, SIZE_T, USHORT)
SWIFTUSB_SAFE_CONVERSION(ULongPtrToULong, ULONG_PTR, ULONG)
SWIFTUSB_SAFE_CONVERSION(ULongLongToULong, ULONGLONG, ULONG)
SWIFTUSB_SAFE_CONVERSION(ULongToUShort, ULONG, USHORT)
SWIFTUSB_SAFE_CONVERSION(ULongToUChar, ULONG, UCHAR)
#define RtlSizeTToULong RtlSIZETToULong
#define RtlSizeTToUShort RtlSIZETToUShort

#endif
