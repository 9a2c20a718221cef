// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// File objects: who a presented request comes from. SwiftUsbCreateFile (swiftusb/driver.h) makes them.

#ifndef CMICROSOFTUSB_WDFFILEOBJECT_H
#define CMICROSOFTUSB_WDFFILEOBJECT_H

#include "wdftypes.h"

EXTERN_C_START

WDFDEVICE WdfFileObjectGetDevice(WDFFILEOBJECT FileObject);
PUNICODE_STRING WdfFileObjectGetFileName(WDFFILEOBJECT FileObject);

EXTERN_C_END

#endif
