// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Wide text on its way out, and what else Microsoft's C library does with it.

#define _GNU_SOURCE

#include "microsoftcrt.h"
#include "winuser.h"

// The functions below stand behind these names.
#undef fputws

// UTF-8 of a text, in memory of its own. Pairs of UTF-16 surrogates become one character: a program may have widened a
// string descriptor unit by unit.
static char *utf8(const wchar_t *text, size_t *length) {
    size_t count = wcslen(text), used = 0;
    char *bytes = (char *)malloc(count * 4 + 1);
    if (!bytes) return NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t value = (uint32_t)text[i];
        if (value >= 0xD800 && value < 0xDC00 && i + 1 < count && (uint32_t)text[i + 1] >> 10 == 0xDC00 >> 10)
            value = 0x10000 + ((value - 0xD800) << 10) + ((uint32_t)text[++i] - 0xDC00);
        else if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) value = 0xFFFD;
        int more = value < 0x80 ? 0 : value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
        static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
        bytes[used++] = (char)(lead[more] | value >> (6 * more));
        while (more--) bytes[used++] = (char)(0x80 | ((value >> (6 * more)) & 0x3F));
    }
    bytes[used] = 0;
    if (length) *length = used;
    return bytes;
}

// As bytes, so that wide and narrow output mix as they do on Windows; a stream already wide (std::wcout) stays so.
int swiftusb_fputws(const wchar_t *text, FILE *file) {
    if (fwide(file, 0) > 0) return fputws(text, file);
    size_t length = 0;
    char *bytes = utf8(text, &length);
    int result = bytes && fwrite(bytes, 1, length, file) == length ? 0 : -1;
    free(bytes);
    return result;
}

int _putws(const wchar_t *text) {
    int result = swiftusb_fputws(text, stdout);
    return result < 0 ? result : swiftusb_fputws(L"\n", stdout);
}

int swiftusb_vfwprintf(FILE *file, const wchar_t *format, va_list arguments) {
    wchar_t small[256], *text = small;
    va_list again;
    va_copy(again, arguments);
    int length = swiftusb_wide_format(small, _countof(small), format, arguments);
    if (length >= (int)_countof(small)) {
        text = (wchar_t *)malloc(((size_t)length + 1) * sizeof *text);
        if (text) swiftusb_wide_format(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    if (length >= 0 && (!text || swiftusb_fputws(text, file) < 0)) length = -1;
    if (text != small) free(text);
    return length;
}

int swiftusb_vwprintf(const wchar_t *format, va_list arguments) {
    return swiftusb_vfwprintf(stdout, format, arguments);
}

int swiftusb_fwprintf(FILE *file, const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(swiftusb_vfwprintf(file, format, arguments))

int swiftusb_wprintf(const wchar_t *format, ...) SWIFTUSB_VARIADIC(swiftusb_vfwprintf(stdout, format, arguments))

// As the standard has it: what does not fit is -1.
int swiftusb_vswprintf(wchar_t *to, size_t capacity, const wchar_t *format, va_list arguments) {
    int length = swiftusb_wide_format(to, capacity, format, arguments);
    return length >= 0 && (size_t)length < capacity ? length : -1;
}

int swiftusb_swprintf(wchar_t *to, size_t capacity, const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(swiftusb_vswprintf(to, capacity, format, arguments))

enum { shortTextCapacity = 1024 };

int wsprintfA(LPSTR to, LPCSTR format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to, shortTextCapacity, format, arguments);
    va_end(arguments);
    return length < shortTextCapacity ? length : shortTextCapacity - 1;
}

int wsprintfW(LPWSTR to, LPCWSTR format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = swiftusb_wide_format(to, shortTextCapacity, format, arguments);
    va_end(arguments);
    return length < shortTextCapacity ? length : shortTextCapacity - 1;
}

wchar_t *_wcsdup(const wchar_t *text) { return text ? wcsdup(text) : NULL; }

int _wcsicmp(const wchar_t *left, const wchar_t *right) { return wcscasecmp(left, right); }

int _wcsnicmp(const wchar_t *left, const wchar_t *right, size_t count) { return wcsncasecmp(left, right, count); }

FILE *_wfopen(const wchar_t *path, const wchar_t *mode) {
    char *narrowPath = utf8(path, NULL), *narrowMode = utf8(mode, NULL);
    FILE *file = narrowPath && narrowMode ? fopen(narrowPath, narrowMode) : NULL;
    free(narrowPath);
    free(narrowMode);
    return file;
}

void *_aligned_malloc(size_t size, size_t alignment) {
    void *memory = NULL;
    if (alignment < sizeof(void *)) alignment = sizeof(void *);
    return posix_memalign(&memory, alignment, size) ? NULL : memory;
}

void _aligned_free(void *memory) { free(memory); }
