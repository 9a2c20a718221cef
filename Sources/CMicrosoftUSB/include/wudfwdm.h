// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What drivers of the user-mode framework include in place of wdm.h: they see Win32 as well.

#include "windows.h"

#include "wdm.h"
