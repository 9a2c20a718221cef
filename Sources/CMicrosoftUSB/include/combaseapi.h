// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// GUIDs as text. Of COM there is nothing else.

#ifndef CMICROSOFTUSB_COMBASEAPI_H
#define CMICROSOFTUSB_COMBASEAPI_H

#include "guiddef.h"
#include "winerror.h"

typedef WCHAR OLECHAR;
typedef OLECHAR *LPOLESTR;
typedef const OLECHAR *LPCOLESTR;
#define OLESTR(text) L##text
#define CO_E_CLASSSTRING ((HRESULT)0x800401F3)

EXTERN_C_START

// Text in braces, 38 characters. StringFromGUID2 returns the characters written with the terminator, or 0.
HRESULT CLSIDFromString(LPCOLESTR text, LPCLSID guid);
HRESULT IIDFromString(LPCOLESTR text, LPIID guid);
int StringFromGUID2(REFGUID guid, LPOLESTR to, int capacity);

EXTERN_C_END

#endif
