// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// For C++: the message of an HRESULT or a Win32 code.

#ifndef CMICROSOFTUSB_COMDEF_H
#define CMICROSOFTUSB_COMDEF_H

#include "windows.h"

#ifdef __cplusplus
class _com_error {
public:
    explicit _com_error(HRESULT result) : result_(result), message_(nullptr) {}
    _com_error(const _com_error &other) : result_(other.result_), message_(nullptr) {}
    _com_error &operator=(const _com_error &other) {
        result_ = other.result_;
        release();
        return *this;
    }
    ~_com_error() { release(); }

    HRESULT Error() const { return result_; }
    const TCHAR *ErrorMessage() const {
        static const TCHAR none[] = TEXT("Unknown error");
        if (!message_)
            FormatMessage(
                FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr,
                static_cast<DWORD>(result_), 0, reinterpret_cast<LPTSTR>(&message_), 0, nullptr);
        return message_ ? message_ : none;
    }

private:
    void release() {
        LocalFree(message_);
        message_ = nullptr;
    }

    HRESULT result_;
    mutable TCHAR *message_;
};
#endif

#endif
