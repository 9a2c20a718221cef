// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Include this before a header that uses DEFINE_GUID, and its constants are defined, not only declared.

#ifndef CMICROSOFTUSB_INITGUID_H
#define CMICROSOFTUSB_INITGUID_H

#ifndef INITGUID
#define INITGUID
#endif

#endif

#include "guiddef.h"
#include "devpropdef.h"
