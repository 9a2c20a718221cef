// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The functions of strsafe.h, each once for narrow and once for wide text.

#include "strsafe.h"

#include "microsoftcrt.h"

// What room and length may be: nothing beyond the largest, and some room.
static HRESULT checked(const void *text, size_t capacity) {
    return text && capacity && capacity <= STRSAFE_MAX_CCH ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

#define FUNCTIONS(A, CHARACTER, FORMAT) \
    HRESULT StringCchCopyN##A(CHARACTER *to, size_t capacity, const CHARACTER *from, size_t count) { \
        size_t length = 0; \
        HRESULT result = checked(to, capacity); \
        if (FAILED(result)) return result; \
        if (count <= STRSAFE_MAX_LENGTH) { \
            while (length + 1 < capacity && length < count && from[length]) { \
                to[length] = from[length]; \
                length++; \
            } \
            if (length < count && from[length]) result = STRSAFE_E_INSUFFICIENT_BUFFER; \
        } else { \
            result = STRSAFE_E_INVALID_PARAMETER; \
        } \
        to[length] = 0; \
        return result; \
    } \
    HRESULT StringCchCopy##A(CHARACTER *to, size_t capacity, const CHARACTER *from) { \
        return StringCchCopyN##A(to, capacity, from, STRSAFE_MAX_LENGTH); \
    } \
    HRESULT StringCchLength##A(const CHARACTER *text, size_t capacity, size_t *length) { \
        size_t count = 0; \
        HRESULT result = checked(text, capacity); \
        while (SUCCEEDED(result) && text[count]) \
            if (++count == capacity) result = STRSAFE_E_INVALID_PARAMETER; \
        if (length) *length = SUCCEEDED(result) ? count : 0; \
        return result; \
    } \
    HRESULT StringCchCat##A(CHARACTER *to, size_t capacity, const CHARACTER *from) { \
        size_t length = 0; \
        HRESULT result = StringCchLength##A(to, capacity, &length); \
        return FAILED(result) ? result : StringCchCopy##A(to + length, capacity - length, from); \
    } \
    HRESULT StringCchVPrintf##A(CHARACTER *to, size_t capacity, const CHARACTER *format, va_list arguments) { \
        int length; \
        HRESULT result = checked(to, capacity); \
        if (FAILED(result)) return result; \
        length = FORMAT(to, capacity, format, arguments); \
        if (length >= 0 && (size_t)length < capacity) return S_OK; \
        if (length < 0) *to = 0; \
        return STRSAFE_E_INSUFFICIENT_BUFFER; \
    } \
    HRESULT StringCchPrintf##A(CHARACTER *to, size_t capacity, const CHARACTER *format, ...) { \
        va_list arguments; \
        HRESULT result; \
        va_start(arguments, format); \
        result = StringCchVPrintf##A(to, capacity, format, arguments); \
        va_end(arguments); \
        return result; \
    } \
    HRESULT StringCbCopy##A(CHARACTER *to, size_t bytes, const CHARACTER *from) { \
        return StringCchCopy##A(to, bytes / sizeof *to, from); \
    } \
    HRESULT StringCbCopyN##A(CHARACTER *to, size_t bytes, const CHARACTER *from, size_t fromBytes) { \
        return StringCchCopyN##A(to, bytes / sizeof *to, from, fromBytes / sizeof *from); \
    } \
    HRESULT StringCbCat##A(CHARACTER *to, size_t bytes, const CHARACTER *from) { \
        return StringCchCat##A(to, bytes / sizeof *to, from); \
    } \
    HRESULT StringCbLength##A(const CHARACTER *text, size_t bytes, size_t *length) { \
        HRESULT result = StringCchLength##A(text, bytes / sizeof *text, length); \
        if (length) *length *= sizeof *text; \
        return result; \
    } \
    HRESULT StringCbVPrintf##A(CHARACTER *to, size_t bytes, const CHARACTER *format, va_list arguments) { \
        return StringCchVPrintf##A(to, bytes / sizeof *to, format, arguments); \
    } \
    HRESULT StringCbPrintf##A(CHARACTER *to, size_t bytes, const CHARACTER *format, ...) { \
        va_list arguments; \
        HRESULT result; \
        va_start(arguments, format); \
        result = StringCchVPrintf##A(to, bytes / sizeof *to, format, arguments); \
        va_end(arguments); \
        return result; \
    }

FUNCTIONS(A, char, vsnprintf)
FUNCTIONS(W, wchar_t, swiftusb_wide_format)
