// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The oldest name of the header that USB's drivers and their clients share.

#include "usb.h"
#include "usbioctl.h"
