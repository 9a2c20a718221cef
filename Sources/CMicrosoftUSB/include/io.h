// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The mode of an open file. Text goes out as UTF-8, and binary is text: there is nothing to set.

#ifndef CMICROSOFTUSB_IO_H
#define CMICROSOFTUSB_IO_H

#include <unistd.h>

#include "microsoftcrt.h"

#define _O_TEXT 0x4000
#define _O_BINARY 0x8000
#define _O_WTEXT 0x10000
#define _O_U16TEXT 0x20000
#define _O_U8TEXT 0x40000

static __inline__ int _setmode(int file, int mode) {
    (void)file;
    (void)mode;
    return _O_TEXT;
}
#define _fileno(file) fileno(file)
#define _isatty(file) isatty(file)

#endif
