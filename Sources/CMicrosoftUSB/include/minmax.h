// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// min and max of two numbers of any types, for C++; windef.h brings them unless NOMINMAX is defined.

#ifndef CMICROSOFTUSB_MINMAX_H
#define CMICROSOFTUSB_MINMAX_H

#ifdef __cplusplus
extern "C++" {
template <class A, class B>
inline constexpr auto max(const A &a, const B &b) -> decltype(true ? a + B() : b + A()) {
    using Common = decltype(true ? a + B() : b + A());
    return static_cast<Common>(a) > static_cast<Common>(b) ? static_cast<Common>(a) : static_cast<Common>(b);
}
template <class A, class B>
inline constexpr auto min(const A &a, const B &b) -> decltype(true ? a + B() : b + A()) {
    using Common = decltype(true ? a + B() : b + A());
    return static_cast<Common>(a) < static_cast<Common>(b) ? static_cast<Common>(a) : static_cast<Common>(b);
}
}
#endif

#endif
