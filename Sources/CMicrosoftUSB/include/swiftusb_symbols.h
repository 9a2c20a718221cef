// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The library's own functions by name. For the library itself.

#pragma once

/// The address of a function that stands in the same shared object as this one; NULL when there is none.
void *swiftusb_symbol(const char *name);
