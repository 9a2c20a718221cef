// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// A driver's log. It goes to the standard error stream.

#pragma once

#if defined(__APPLE__)
#include_next <os/log.h>
#else

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef const char *os_log_t;

#define OS_LOG_DEFAULT ((os_log_t)0)
#define OS_LOG_DISABLED ((os_log_t) "")

/// A log of its own: here all logs are one, and the names are left out.
static inline os_log_t os_log_create(const char *subsystem, const char *category) {
    (void)subsystem;
    (void)category;
    return OS_LOG_DEFAULT;
}

/// Writes a line. The format is that of printf, with notes in braces such as `%{public}s`, which are skipped.
static inline void swiftusb_log(bool is_line, const char *format, va_list arguments) {
    char plain[1024], text[2048];
    size_t length = 0;
    for (const char *at = format; *at != 0 && length + 1 < sizeof(plain); ++at) {
        plain[length++] = *at;
        if (at[0] == '%' && at[1] == '%' && length + 1 < sizeof(plain)) {
            plain[length++] = *++at;
        } else if (at[0] == '%' && at[1] == '{') {
            const char *end = strchr(at, '}');
            if (end == NULL) break;
            at = end;
        }
    }
    plain[length] = 0;
    vsnprintf(text, sizeof(text) - 1, plain, arguments);
    length = strlen(text);
    if (is_line && (length == 0 || text[length - 1] != '\n')) memcpy(text + length, "\n", 2);
    fputs(text, stderr);
}

static inline void swiftusb_os_log(os_log_t log, const char *format, ...) {
    va_list arguments;
    if (log == OS_LOG_DEFAULT) {
        va_start(arguments, format);
        swiftusb_log(true, format, arguments);
        va_end(arguments);
    }
}

#define os_log(log, ...) swiftusb_os_log(log, __VA_ARGS__)
#define os_log_info(log, ...) swiftusb_os_log(log, __VA_ARGS__)
#define os_log_error(log, ...) swiftusb_os_log(log, __VA_ARGS__)
#define os_log_fault(log, ...) swiftusb_os_log(log, __VA_ARGS__)
/// Compiled, but not written.
#define os_log_debug(log, ...) \
    do { \
        if (0) swiftusb_os_log(log, __VA_ARGS__); \
    } while (0)

#endif
