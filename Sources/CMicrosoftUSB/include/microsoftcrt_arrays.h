// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// In C++ the functions of microsoftcrt.h that take the size of their target also take an array and find its size.

#ifndef CMICROSOFTUSB_MICROSOFTCRT_ARRAYS_H
#define CMICROSOFTUSB_MICROSOFTCRT_ARRAYS_H

extern "C++" {
template <size_t size>
inline int sprintf_s(char (&to)[size], const char *format, ...)
    SWIFTUSB_VARIADIC(vsprintf_s(to, size, format, arguments))
template <size_t size>
inline int swprintf_s(wchar_t (&to)[size], const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(vswprintf_s(to, size, format, arguments))
template <size_t size>
inline int vsprintf_s(char (&to)[size], const char *format, va_list arguments) {
    return vsprintf_s(to, size, format, arguments);
}
template <size_t size>
inline int vswprintf_s(wchar_t (&to)[size], const wchar_t *format, va_list arguments) {
    return vswprintf_s(to, size, format, arguments);
}
template <size_t size>
inline int _snprintf_s(char (&to)[size], size_t count, const char *format, ...)
    SWIFTUSB_VARIADIC(_vsnprintf_s(to, size, count, format, arguments))
template <size_t size>
inline int _snwprintf_s(wchar_t (&to)[size], size_t count, const wchar_t *format, ...)
    SWIFTUSB_VARIADIC(_vsnwprintf_s(to, size, count, format, arguments))
template <size_t size>
inline int _vsnprintf_s(char (&to)[size], size_t count, const char *format, va_list arguments) {
    return _vsnprintf_s(to, size, count, format, arguments);
}
template <size_t size>
inline int vsnprintf_s(char (&to)[size], size_t count, const char *format, va_list arguments) {
    return _vsnprintf_s(to, size, count, format, arguments);
}
template <size_t size>
inline int _vsnwprintf_s(wchar_t (&to)[size], size_t count, const wchar_t *format, va_list arguments) {
    return _vsnwprintf_s(to, size, count, format, arguments);
}
template <size_t size>
inline errno_t strcpy_s(char (&to)[size], const char *from) { return strcpy_s(to, size, from); }
template <size_t size>
inline errno_t strcat_s(char (&to)[size], const char *from) { return strcat_s(to, size, from); }
template <size_t size>
inline errno_t strncpy_s(char (&to)[size], const char *from, size_t count) {
    return strncpy_s(to, size, from, count);
}
template <size_t size>
inline errno_t wcscpy_s(wchar_t (&to)[size], const wchar_t *from) { return wcscpy_s(to, size, from); }
template <size_t size>
inline errno_t wcscat_s(wchar_t (&to)[size], const wchar_t *from) { return wcscat_s(to, size, from); }
template <size_t size>
inline errno_t wcsncpy_s(wchar_t (&to)[size], const wchar_t *from, size_t count) {
    return wcsncpy_s(to, size, from, count);
}
}

#endif
