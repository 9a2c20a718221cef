// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Names of Microsoft's C library that standard C lacks. There they stand in <stdio.h>, <string.h> and <stdlib.h>; here
// windows.h and tchar.h bring them.

#ifndef CMICROSOFTUSB_MICROSOFTCRT_H
#define CMICROSOFTUSB_MICROSOFTCRT_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wctype.h>

// In C++ by the name that takes away wide macros, so that it has done so before they are defined below.
#ifdef __cplusplus
#include <cwchar>
#else
#include <wchar.h>
#endif

#include "windef.h"

typedef int errno_t;
typedef size_t rsize_t;
#define _TRUNCATE ((size_t)-1)
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#define _MAX_PATH 260

// Printing, `wide.c`. Microsoft's wide formats differ from the C library's: "%s" is wide text in them and "%S" narrow,
// "%I64u" and "%I32u" exist, "%lu" takes 32 bits. Text leaves as UTF-8, and may be mixed with that of printf.
EXTERN_C_START
int swiftusb_wide_format(wchar_t *to, size_t capacity, const wchar_t *format, va_list arguments);
int swiftusb_vfwprintf(FILE *file, const wchar_t *format, va_list arguments);
int swiftusb_fwprintf(FILE *file, const wchar_t *format, ...);
int swiftusb_wprintf(const wchar_t *format, ...);
int swiftusb_vwprintf(const wchar_t *format, va_list arguments);
int swiftusb_vswprintf(wchar_t *to, size_t capacity, const wchar_t *format, va_list arguments);
int swiftusb_swprintf(wchar_t *to, size_t capacity, const wchar_t *format, ...);
int swiftusb_fputws(const wchar_t *text, FILE *file);
int _putws(const wchar_t *text);

wchar_t *_wcsdup(const wchar_t *text);
int _wcsicmp(const wchar_t *left, const wchar_t *right);
int _wcsnicmp(const wchar_t *left, const wchar_t *right, size_t count);
FILE *_wfopen(const wchar_t *path, const wchar_t *mode);
void *_aligned_malloc(size_t size, size_t alignment);
void _aligned_free(void *memory);
EXTERN_C_END

// The standard names go to the functions above, since a program written for Windows means Microsoft's formats by them.
// Macros with parameters: the names stay what they were wherever no call follows, as in the C++ library's headers. (To
// bind the names to other symbols instead would fail where the C library defines them inline, with _FORTIFY_SOURCE.)
#ifdef __cplusplus
namespace std {
using ::swiftusb_fputws;
using ::swiftusb_fwprintf;
using ::swiftusb_swprintf;
using ::swiftusb_vfwprintf;
using ::swiftusb_vswprintf;
using ::swiftusb_vwprintf;
using ::swiftusb_wprintf;
}
#endif
#undef wprintf
#undef fwprintf
#undef vwprintf
#undef vfwprintf
#undef swprintf
#undef vswprintf
#undef fputws
#define wprintf(...) swiftusb_wprintf(__VA_ARGS__)
#define fwprintf(...) swiftusb_fwprintf(__VA_ARGS__)
#define vwprintf(format, arguments) swiftusb_vwprintf(format, arguments)
#define vfwprintf(file, format, arguments) swiftusb_vfwprintf(file, format, arguments)
#define swprintf(...) swiftusb_swprintf(__VA_ARGS__)
#define vswprintf(to, capacity, format, arguments) swiftusb_vswprintf(to, capacity, format, arguments)
#define fputws(text, file) swiftusb_fputws(text, file)
#define wprintf_s(...) swiftusb_wprintf(__VA_ARGS__)
#define fwprintf_s(...) swiftusb_fwprintf(__VA_ARGS__)
#define printf_s(...) printf(__VA_ARGS__)
#define fprintf_s(...) fprintf(__VA_ARGS__)

// Formatting into a buffer. What does not fit makes the text empty (the _s forms) or cuts it (the others), and -1.
static __inline__ int vsprintf_s(char *to, size_t capacity, const char *format, va_list arguments) {
    int length = to && capacity ? vsnprintf(to, capacity, format, arguments) : -1;
    if (length >= 0 && (size_t)length < capacity) return length;
    if (to && capacity) *to = 0;
    return -1;
}
static __inline__ int vswprintf_s(wchar_t *to, size_t capacity, const wchar_t *format, va_list arguments) {
    int length = to && capacity ? swiftusb_wide_format(to, capacity, format, arguments) : -1;
    if (length >= 0 && (size_t)length < capacity) return length;
    if (to && capacity) *to = 0;
    return -1;
}
static __inline__ int _vsnprintf(char *to, size_t count, const char *format, va_list arguments) {
    int length = vsnprintf(to, count, format, arguments);
    return length >= 0 && (size_t)length < count ? length : -1;
}
static __inline__ int _vsnwprintf(wchar_t *to, size_t count, const wchar_t *format, va_list arguments) {
    int length = swiftusb_wide_format(to, count, format, arguments);
    return length >= 0 && (size_t)length < count ? length : -1;
}
static __inline__ int _vscprintf(const char *format, va_list arguments) {
    return vsnprintf(NULL, 0, format, arguments);
}
static __inline__ int _vscwprintf(const wchar_t *format, va_list arguments) {
    return swiftusb_wide_format(NULL, 0, format, arguments);
}
// At most `count` characters, or as many as fit if it is _TRUNCATE; -1 if that has cut the text.
static __inline__ int _vsnprintf_s(char *to, size_t capacity, size_t count, const char *format, va_list arguments) {
    size_t room = capacity && count < capacity - 1 ? count + 1 : capacity;
    return to && capacity ? _vsnprintf(to, room, format, arguments) : -1;
}
static __inline__ int _vsnwprintf_s(
    wchar_t *to, size_t capacity, size_t count, const wchar_t *format, va_list arguments) {
    size_t room = capacity && count < capacity - 1 ? count + 1 : capacity;
    return to && capacity ? _vsnwprintf(to, room, format, arguments) : -1;
}
static __inline__ int vsnprintf_s(char *to, size_t capacity, size_t count, const char *format, va_list arguments) {
    return _vsnprintf_s(to, capacity, count, format, arguments);
}

// The same with "..." in place of the list.
#define SWIFTUSB_VARIADIC(call) \
    { \
        va_list arguments; \
        int result; \
        va_start(arguments, format); \
        result = call; \
        va_end(arguments); \
        return result; \
    }
static __inline__ int sprintf_s(char *to, size_t capacity, const char *format, ...)
    SWIFTUSB_VARIADIC(vsprintf_s(to, capacity, format, arguments))
static __inline__ int swprintf_s(wchar_t *to, size_t capacity, const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(vswprintf_s(to, capacity, format, arguments))
static __inline__ int _snprintf(char *to, size_t count, const char *format, ...)
    SWIFTUSB_VARIADIC(_vsnprintf(to, count, format, arguments))
static __inline__ int _snwprintf(wchar_t *to, size_t count, const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(_vsnwprintf(to, count, format, arguments))
static __inline__ int _snprintf_s(char *to, size_t capacity, size_t count, const char *format, ...)
    SWIFTUSB_VARIADIC(_vsnprintf_s(to, capacity, count, format, arguments))
static __inline__ int _snwprintf_s(wchar_t *to, size_t capacity, size_t count, const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(_vsnwprintf_s(to, capacity, count, format, arguments))

// Copies that know the size of their target. What does not fit leaves an empty text and gives ERANGE.
#define SWIFTUSB_COPIES(character, copy_name, cat_name, copyn_name) \
    static __inline__ errno_t copyn_name(character *to, size_t capacity, const character *from, size_t count) { \
        size_t length = 0; \
        if (!to || !capacity) return EINVAL; \
        if (!from) { \
            *to = 0; \
            return EINVAL; \
        } \
        while (length < count && from[length]) { \
            if (length + 1 == capacity) { \
                if (count == _TRUNCATE) break; \
                *to = 0; \
                return ERANGE; \
            } \
            to[length] = from[length]; \
            length++; \
        } \
        to[length] = 0; \
        return 0; \
    } \
    static __inline__ errno_t copy_name(character *to, size_t capacity, const character *from) { \
        return copyn_name(to, capacity, from, _TRUNCATE - 1); \
    } \
    static __inline__ errno_t cat_name(character *to, size_t capacity, const character *from) { \
        size_t used = 0; \
        errno_t result; \
        if (!to || !capacity) return EINVAL; \
        while (used < capacity && to[used]) used++; \
        result = used < capacity ? copy_name(to + used, capacity - used, from) : EINVAL; \
        if (result) *to = 0; \
        return result; \
    }
SWIFTUSB_COPIES(char, strcpy_s, strcat_s, strncpy_s)
SWIFTUSB_COPIES(wchar_t, wcscpy_s, wcscat_s, wcsncpy_s)

static __inline__ errno_t memcpy_s(void *to, size_t capacity, const void *from, size_t count) {
    if (!count) return 0;
    if (!to) return EINVAL;
    if (from && count <= capacity) {
        memcpy(to, from, count);
        return 0;
    }
    memset(to, 0, capacity);
    return from ? ERANGE : EINVAL;
}
static __inline__ errno_t memmove_s(void *to, size_t capacity, const void *from, size_t count) {
    if (!count) return 0;
    if (!to || !from) return EINVAL;
    if (count > capacity) return ERANGE;
    memmove(to, from, count);
    return 0;
}
static __inline__ size_t strnlen_s(const char *text, size_t limit) {
    size_t length = 0;
    if (text) while (length < limit && text[length]) length++;
    return length;
}
static __inline__ size_t wcsnlen_s(const wchar_t *text, size_t limit) {
    size_t length = 0;
    if (text) while (length < limit && text[length]) length++;
    return length;
}
static __inline__ char *strtok_s(char *text, const char *delimiters, char **rest) {
    char *token = text ? text : *rest;
    if (!token) return NULL;
    token += strspn(token, delimiters);
    *rest = token + strcspn(token, delimiters);
    if (*rest == token) return *rest = NULL;
    if (**rest) *(*rest)++ = 0;
    else *rest = NULL;
    return token;
}
static __inline__ errno_t fopen_s(FILE **file, const char *path, const char *mode) {
    if (!file) return EINVAL;
    *file = fopen(path, mode);
    return *file ? 0 : errno;
}

// Comparison without regard to case, and the rest.
static __inline__ int _stricmp(const char *left, const char *right) { return strcasecmp(left, right); }
static __inline__ int _strnicmp(const char *left, const char *right, size_t count) {
    return strncasecmp(left, right, count);
}
static __inline__ int stricmp(const char *left, const char *right) { return strcasecmp(left, right); }
static __inline__ int strnicmp(const char *left, const char *right, size_t count) {
    return strncasecmp(left, right, count);
}
static __inline__ char *_strdup(const char *text) {
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = size ? (char *)malloc(size) : NULL;
    return copy ? (char *)memcpy(copy, text, size) : NULL;
}
static __inline__ char *_strupr(char *text) {
    for (char *c = text; *c; c++) *c = (char)toupper((unsigned char)*c);
    return text;
}
static __inline__ char *_strlwr(char *text) {
    for (char *c = text; *c; c++) *c = (char)tolower((unsigned char)*c);
    return text;
}
static __inline__ int _wtoi(const wchar_t *text) { return (int)wcstol(text, NULL, 10); }
static __inline__ long _wtol(const wchar_t *text) { return wcstol(text, NULL, 10); }
static __inline__ double _wtof(const wchar_t *text) { return wcstod(text, NULL); }
#define _strtoi64 strtoll
#define _strtoui64 strtoull
#define _atoi64 atoll
#define _wcstoui64 wcstoull

#ifdef __cplusplus
#include "microsoftcrt_arrays.h"
#endif

#endif
