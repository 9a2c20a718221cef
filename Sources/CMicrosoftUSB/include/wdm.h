// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The part of the kernel's interface that a USB driver's transfers need. A name that is not here is not offered: the
// compiler says so.
//
// Drivers run as part of a program here. What that changes: the interrupt request level is a number that each thread
// has of its own, raised, lowered and checked, but no thread is ever kept from running by it; memory is the program's;
// time is the bus's clock. DBG is 0 unless the program is compiled with -DDBG=1.

#ifndef CMICROSOFTUSB_WDM_H
#define CMICROSOFTUSB_WDM_H

// What other headers ask for to see whether this one has been included.
#define _WDMDDK_
#ifndef _NTDDK_
#define _NTDDK_
#endif

// As Microsoft's kernel headers bring them: abs and its kin.
#include <stdlib.h>

#include "devioctl.h"
#include "driverspecs.h"
#include "guiddef.h"
#include "ntdef.h"
#include "ntstatus.h"
#include "specstrings.h"

#include "swiftusb/kerneldebug.h"
#include "swiftusb/kernelexecution.h"
#include "swiftusb/kernelio.h"
#include "swiftusb/kernelmemory.h"
#include "swiftusb/kernelnames.h"

#endif
