// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The constants that the headers declare, so that a program links without initguid.h (weak: a program's own ones win),
// and GUIDs as text.

#include "initguid.h"

#include "devguid.h"
#include "devpkey.h"
#include "usbdlib.h"
#include "usbiodef.h"

#include "combaseapi.h"
#include "microsoftcrt.h"

// Where the digits of each byte stand in "{00000000-0000-0000-0000-000000000000}", in the order of the text.
static const unsigned char places[16] = {1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35};

static int digit(wchar_t character) {
    if (character >= L'0' && character <= L'9') return character - L'0';
    if (character >= L'A' && character <= L'F') return character - L'A' + 10;
    if (character >= L'a' && character <= L'f') return character - L'a' + 10;
    return -1;
}

HRESULT CLSIDFromString(LPCOLESTR text, LPCLSID guid) {
    unsigned char bytes[16];
    if (!guid) return E_INVALIDARG;
    memset(guid, 0, sizeof *guid);
    if (!text) return S_OK;
    if (wcslen(text) != 38 || text[0] != L'{' || text[37] != L'}') return CO_E_CLASSSTRING;
    if (text[9] != L'-' || text[14] != L'-' || text[19] != L'-' || text[24] != L'-') return CO_E_CLASSSTRING;
    for (int i = 0; i < 16; i++) {
        int high = digit(text[places[i]]), low = digit(text[places[i] + 1]);
        if (high < 0 || low < 0) return CO_E_CLASSSTRING;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    guid->Data1 = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    guid->Data2 = (uint16_t)(bytes[4] << 8 | bytes[5]);
    guid->Data3 = (uint16_t)(bytes[6] << 8 | bytes[7]);
    memcpy(guid->Data4, bytes + 8, 8);
    return S_OK;
}

HRESULT IIDFromString(LPCOLESTR text, LPIID guid) { return CLSIDFromString(text, guid); }

int StringFromGUID2(REFGUID guid, LPOLESTR to, int capacity) {
    const unsigned char *rest = guid->Data4;
    if (!to || capacity < 39) return 0;
    return 1 + swiftusb_swprintf(
                   to, (size_t)capacity, L"{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", guid->Data1,
                   guid->Data2, guid->Data3, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], rest[6], rest[7]);
}
