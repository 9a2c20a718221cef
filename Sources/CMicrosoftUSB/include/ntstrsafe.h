// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The string functions of strsafe.h with the kernel's statuses: STATUS_BUFFER_OVERFLOW for what does not fit and has
// been cut, STATUS_INVALID_PARAMETER for a buffer that is none.

#ifndef CMICROSOFTUSB_NTSTRSAFE_H
#define CMICROSOFTUSB_NTSTRSAFE_H

#include "ntdef.h"
#include "ntstatus.h"
#include "strsafe.h"

#define NTSTRSAFE_MAX_CCH STRSAFE_MAX_CCH
#define NTSTRSAFE_MAX_LENGTH STRSAFE_MAX_LENGTH
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xFFFF / sizeof(wchar_t))
typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef wchar_t *NTSTRSAFE_PWSTR;
typedef const wchar_t *NTSTRSAFE_PCWSTR;

FORCEINLINE NTSTATUS swiftusb_string_status(HRESULT result) {
    if (result == STRSAFE_E_INSUFFICIENT_BUFFER) return STATUS_BUFFER_OVERFLOW;
    return result < 0 ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

#define SWIFTUSB_STRINGS(unit, kind, character) \
    FORCEINLINE NTSTATUS RtlString##unit##Copy##kind(character *to, size_t room, const character *from) { \
        return swiftusb_string_status(String##unit##Copy##kind(to, room, from)); \
    } \
    FORCEINLINE NTSTATUS RtlString##unit##CopyN##kind( \
        character *to, size_t room, const character *from, size_t length) { \
        return swiftusb_string_status(String##unit##CopyN##kind(to, room, from, length)); \
    } \
    FORCEINLINE NTSTATUS RtlString##unit##Cat##kind(character *to, size_t room, const character *from) { \
        return swiftusb_string_status(String##unit##Cat##kind(to, room, from)); \
    } \
    FORCEINLINE NTSTATUS RtlString##unit##Length##kind(const character *from, size_t limit, size_t *length) { \
        return swiftusb_string_status(String##unit##Length##kind(from, limit, length)); \
    } \
    FORCEINLINE NTSTATUS RtlString##unit##VPrintf##kind( \
        character *to, size_t room, const character *format, va_list arguments) { \
        return swiftusb_string_status(String##unit##VPrintf##kind(to, room, format, arguments)); \
    } \
    static __inline__ NTSTATUS RtlString##unit##Printf##kind( \
        character *to, size_t room, const character *format, ...) { \
        NTSTATUS status; \
        va_list arguments; \
        va_start(arguments, format); \
        status = RtlString##unit##VPrintf##kind(to, room, format, arguments); \
        va_end(arguments); \
        return status; \
    }
SWIFTUSB_STRINGS(Cch, A, char)
SWIFTUSB_STRINGS(Cch, W, wchar_t)
SWIFTUSB_STRINGS(Cb, A, char)
SWIFTUSB_STRINGS(Cb, W, wchar_t)

#endif
