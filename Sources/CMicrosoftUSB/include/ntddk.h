// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The older, larger brother of wdm.h; here they are the same.

#include "wdm.h"
