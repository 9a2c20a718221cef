// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Packs the structures that follow to 1 byte; poppack.h ends it. Meant to be included again and again.

// Clang warns of a header that changes the packing, which is what this one is for.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpragma-pack"
#endif
#pragma pack(push, 1)
