// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The older name of the header with the specification's descriptors.

#include "usbspec.h"
