// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The driver framework (KMDF): the part of it with which a driver's USB transfers, requests, memory and queues work. A
// name that is not here is not offered: the compiler says so.
//
// Of a driver's life, only the types of its callbacks are declared, so that a driver's own header compiles. A device is
// had by SwiftUsbOpenTarget, and requests reach a queue by SwiftUsbPresent: swiftusb/driver.h.

#ifndef CMICROSOFTUSB_WDF_H
#define CMICROSOFTUSB_WDF_H

#include "wdm.h"

#include "wdftypes.h"

#include "wdfstatus.h"

#include "wdfobject.h"

#include "wdfbugcodes.h"
#include "wdfcore.h"
#include "wdfdevice.h"
#include "wdfdriver.h"
#include "wdffileobject.h"
#include "wdfio.h"
#include "wdfiotarget.h"
#include "wdfmemory.h"
#include "wdfrequest.h"
#include "wdfsync.h"
#include "wdfworkitem.h"

#endif
