// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The byte order of descriptors and requests, which is little-endian, and the host's.

#pragma once

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define USBToHost16(value) __builtin_bswap16((uint16_t)(value))
#define USBToHost32(value) __builtin_bswap32((uint32_t)(value))
#define USBToHost64(value) __builtin_bswap64((uint64_t)(value))
#else
#define USBToHost16(value) ((uint16_t)(value))
#define USBToHost32(value) ((uint32_t)(value))
#define USBToHost64(value) ((uint64_t)(value))
#endif
#define HostToUSB16(value) USBToHost16(value)
#define HostToUSB32(value) USBToHost32(value)
#define HostToUSB64(value) USBToHost64(value)
