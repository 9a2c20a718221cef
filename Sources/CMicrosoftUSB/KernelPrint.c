// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What drivers print, and the end of a process that has failed an assertion of its own. DbgPrint's formats are those of
// the wide functions but for the meaning of "%s": narrow text by itself.

#include <stdbool.h>

#include "microsoftcrt.h"
#include "wdm.h"

// Widens a format. A conversion of text without a size becomes that of the other kind; one with a size stays.
static void widen(wchar_t *to, const char *format) {
    bool field = false, sized = false;
    for (; *format; format++) {
        char character = *format;
        if (!field) {
            field = character == '%';
            sized = false;
        } else if (strchr("hlw", character)) {
            sized = true;
        } else if (!strchr("-+ #0123456789.*jztIL", character)) {
            if (!sized && strchr("sScC", character)) character ^= 'a' ^ 'A';
            field = false;
        }
        *to++ = (wchar_t)(unsigned char)character;
    }
    *to = 0;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, va_list Arguments) {
    wchar_t few[512], *wide = few;
    size_t length = Format ? strlen(Format) : 0;
    (void)ComponentId;
    (void)Level;
    if (!Format) return (ULONG)STATUS_INVALID_PARAMETER;
    if (length >= _countof(few)) wide = (wchar_t *)malloc((length + 1) * sizeof *wide);
    if (!wide) return (ULONG)STATUS_INSUFFICIENT_RESOURCES;
    widen(wide, Format);
    swiftusb_vfwprintf(stderr, wide, Arguments);
    if (wide != few) free(wide);
    return STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR Format, ...) {
    va_list arguments;
    va_start(arguments, Format);
    ULONG status = vDbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL, Format, arguments);
    va_end(arguments);
    return status;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
    va_list arguments;
    va_start(arguments, Format);
    ULONG status = vDbgPrintEx(ComponentId, Level, Format, arguments);
    va_end(arguments);
    return status;
}

VOID swiftusb_assertion_failed(const char *Condition, const char *File, int Line) {
    fprintf(stderr, "%s:%d: assertion failed: %s\n", File, Line, Condition);
    abort();
}
