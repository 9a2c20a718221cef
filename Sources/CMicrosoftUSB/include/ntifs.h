// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The largest brother of wdm.h; here they are the same.

#include "wdm.h"
