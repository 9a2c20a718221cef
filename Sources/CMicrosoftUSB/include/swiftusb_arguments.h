// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The arguments of a va_list, one after the other. For the library itself.

#pragma once

#include <stdarg.h>
#include <stdint.h>

/// The next argument of the va_list that `list` points at, as wide as a pointer.
static inline uintptr_t swiftusb_next_argument(void *list) { return va_arg(*(va_list *)list, uintptr_t); }
