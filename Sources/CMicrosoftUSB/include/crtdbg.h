// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Assertions of the debug library.

#ifndef CMICROSOFTUSB_CRTDBG_H
#define CMICROSOFTUSB_CRTDBG_H

#include <assert.h>

#ifdef _DEBUG
#define _ASSERT(condition) assert(condition)
#else
#define _ASSERT(condition) ((void)0)
#endif
#define _ASSERTE(condition) _ASSERT(condition)
#define _ASSERT_EXPR(condition, message) _ASSERT(condition)

#endif
