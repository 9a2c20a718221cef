// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Declarations of C functions, as headers of drivers write them.

#ifndef CMICROSOFTUSB_BASETYPS_H
#define CMICROSOFTUSB_BASETYPS_H

#include "guiddef.h"

#define STDAPICALLTYPE
#define STDMETHODCALLTYPE
#define STDAPI EXTERN_C HRESULT STDAPICALLTYPE
#define STDAPI_(type) EXTERN_C type STDAPICALLTYPE

#endif
