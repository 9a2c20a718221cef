// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Single keys from the terminal.

#ifndef CMICROSOFTUSB_CONIO_H
#define CMICROSOFTUSB_CONIO_H

#include <stdio.h>

#include "windef.h"

EXTERN_C_START

// Whether a key waits; the next key, without and with its echo. EOF at the end of a redirected input.
int _kbhit(void);
int _getch(void);
int _getche(void);

EXTERN_C_END

static __inline__ int _putch(int character) { return putchar(character); }
static __inline__ int kbhit(void) { return _kbhit(); }
static __inline__ int getch(void) { return _getch(); }
#define _cprintf printf

#endif
