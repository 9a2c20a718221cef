// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Printing and assertions.

#ifndef CMICROSOFTUSB_KERNELDEBUG_H
#define CMICROSOFTUSB_KERNELDEBUG_H

#include <stdarg.h>

#include "ntdef.h"

#ifndef DBG
#define DBG 0
#endif

// Components and levels, for the Ex forms. They choose nothing: everything is printed.
#define DPFLTR_DEFAULT_ID 101
#define DPFLTR_IHVDRIVER_ID 77
#define DPFLTR_IHVBUS_ID 78
#define DPFLTR_USB_ID 8
#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_MASK 0x80000000

EXTERN_C_START

// To the standard error, at once, with Microsoft's formats: "%s" narrow text, "%S" and "%ws" wide, "%wZ" a
// UNICODE_STRING, "%Z" an ANSI_STRING, "%I64u" 64 bits, "%lu" 32. The result is STATUS_SUCCESS.
ULONG DbgPrint(PCSTR Format, ...);
ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, va_list Arguments);

// Ends the process with the text of what should have been true.
DECLSPEC_NORETURN VOID swiftusb_assertion_failed(const char *Condition, const char *File, int Line);

// A bug check: prints code and parameters and ends the process, unless SwiftUsbSetBugCheckHandler says otherwise.
VOID KeBugCheckEx(
    ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2, ULONG_PTR BugCheckParameter3,
    ULONG_PTR BugCheckParameter4);

EXTERN_C_END

#define KeBugCheck(code) KeBugCheckEx((code), 0, 0, 0, 0)
#define DbgBreakPoint() __builtin_trap()

#if DBG
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define KdBreakPoint() DbgBreakPoint()
#define NT_ASSERT(condition) \
    ((condition) ? (void)0 : swiftusb_assertion_failed(#condition, __FILE__, __LINE__))
#define NT_ASSERTMSG(text, condition) \
    ((condition) ? (void)0 : swiftusb_assertion_failed(text, __FILE__, __LINE__))
#define NT_VERIFY(condition) NT_ASSERT(condition)
#else
#define KdPrint(arguments) ((void)0)
#define KdPrintEx(arguments) ((void)0)
#define KdBreakPoint() ((void)0)
#define NT_ASSERT(condition) ((void)0)
#define NT_ASSERTMSG(text, condition) ((void)0)
#define NT_VERIFY(condition) ((void)(condition))
#endif
#ifndef ASSERT
#define ASSERT(condition) NT_ASSERT(condition)
#define ASSERTMSG(text, condition) NT_ASSERTMSG(text, condition)
#endif

#endif
