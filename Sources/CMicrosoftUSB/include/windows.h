// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The part of Win32 that USB programs need. A name that is not here is not offered: the compiler says so.
//
// Differences that a program can see, each because this is Linux: WCHAR has 32 bits (see windef.h); _WIN32 and _MSC_VER
// are not defined, since other libraries' headers would believe them; a narrow printf is the C library's own, without
// "%I64u"; paths that name devices are the library's own.

#ifndef CMICROSOFTUSB_WINDOWS_H
#define CMICROSOFTUSB_WINDOWS_H

// What programs ask for to see whether this header has been included.
#ifndef _WINDOWS_
#define _WINDOWS_
#endif
#ifndef _INC_WINDOWS
#define _INC_WINDOWS
#endif

#include "basetyps.h"
#include "sdkddkver.h"
#include "timeapi.h"
#include "winbase.h"
#include "windef.h"
#include "winerror.h"
#include "winnt.h"
#include "winuser.h"

#include "microsoftcrt.h"

#endif
