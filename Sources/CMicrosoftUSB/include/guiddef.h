// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// GUIDs, and the macro that declares or defines one.

#ifndef CMICROSOFTUSB_GUIDDEF_H
#define CMICROSOFTUSB_GUIDDEF_H

#include <string.h>

#include "windef.h"

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    uint32_t Data1;
    uint16_t Data2;
    uint16_t Data3;
    uint8_t Data4[8];
} GUID;
#endif

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, *LPIID;
typedef GUID CLSID, *LPCLSID;
#define GUID_NULL (swiftusb_guid_null())
#define IID_NULL GUID_NULL
#define CLSID_NULL GUID_NULL

static __inline__ GUID swiftusb_guid_null(void) {
    GUID guid;
    memset(&guid, 0, sizeof guid);
    return guid;
}

// By reference in C++, by pointer in C.
#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const CLSID &
extern "C++" {
inline int InlineIsEqualGUID(const GUID &left, const GUID &right) { return !memcmp(&left, &right, sizeof(GUID)); }
inline int IsEqualGUID(const GUID &left, const GUID &right) { return !memcmp(&left, &right, sizeof(GUID)); }
inline bool operator==(const GUID &left, const GUID &right) { return IsEqualGUID(left, right) != 0; }
inline bool operator!=(const GUID &left, const GUID &right) { return !(left == right); }
}
#else
#define REFGUID const GUID *
#define REFIID const IID *
#define REFCLSID const CLSID *
#define IsEqualGUID(left, right) (!memcmp((left), (right), sizeof(GUID)))
#define InlineIsEqualGUID(left, right) IsEqualGUID((left), (right))
#endif
#define IsEqualIID(left, right) IsEqualGUID((left), (right))
#define IsEqualCLSID(left, right) IsEqualGUID((left), (right))

#endif

// Outside the guard: initguid.h includes this header again for the other meaning. Declared, then defined, so that a
// constant keeps C linkage and external visibility in both languages; weak, so that several files may define it.
#undef DEFINE_GUID
#ifdef INITGUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    EXTERN_C const GUID name __attribute__((__weak__)); \
    const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_C const GUID name
#endif
