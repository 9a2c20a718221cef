// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Status values of the framework: they stand with the others.

#include "ntstatus.h"
