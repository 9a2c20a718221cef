// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Codes, speeds and port states of the host family.

#ifndef SWIFTUSB_USBDRIVERKIT_IOUSBHOSTFAMILYDEFINITIONS_H
#define SWIFTUSB_USBDRIVERKIT_IOUSBHOSTFAMILYDEFINITIONS_H

#include <DriverKit/IOReturn.h>

// The device answered with STALL; ClearStall() lets the pipe go on.
#define kUSBHostReturnPipeStalled ((IOReturn)-0x1FFFB000)  // 0xE0005000
// No configuration can be had with the power that there is.
#define kUSBHostReturnNoPower ((IOReturn)-0x1FFFAFFF)  // 0xE0005001

// Codes of single entries of a frame list that come from the older family and live on there: the entry was not sent, or
// the host's memory was too slow for it.
#define kIOUSBBufferOverrunErr ((IOReturn)-0x1FFFBFF4)  // 0xE000400C
#define kIOUSBBufferUnderrunErr ((IOReturn)-0x1FFFBFF3)  // 0xE000400D
#define kIOUSBNotSent1Err ((IOReturn)-0x1FFFBFF2)  // 0xE000400E
#define kIOUSBNotSent2Err ((IOReturn)-0x1FFFBFF1)  // 0xE000400F

// The older family's code for a stall. Nothing here returns it; it is declared so that a program can tell the two apart.
#define kIOUSBPipeStalled ((IOReturn)-0x1FFFBFB1)  // 0xE000404F

// What GetSpeed() says. The numbering is that of xHCI's default speed identifiers.
typedef enum tIOUSBHostConnectionSpeed {
    kIOUSBHostConnectionSpeedNone = 0,
    kIOUSBHostConnectionSpeedFull = 1,
    kIOUSBHostConnectionSpeedLow = 2,
    kIOUSBHostConnectionSpeedHigh = 3,
    kIOUSBHostConnectionSpeedSuper = 4,
    kIOUSBHostConnectionSpeedSuperPlus = 5,
    kIOUSBHostConnectionSpeedSuperPlusBy2 = 6
} tIOUSBHostConnectionSpeed;

// What GetPortStatus() says.
enum {
    kIOUSBHostPortStatusPortTypeMask = 0x0000000F,
    kIOUSBHostPortStatusPortTypePhase = 0,
    kIOUSBHostPortStatusConnectedSpeedMask = 0x00000700,
    kIOUSBHostPortStatusConnectedSpeedPhase = 8,
    kIOUSBHostPortStatusResetting = 0x00000800,
    kIOUSBHostPortStatusEnabled = 0x00001000,
    kIOUSBHostPortStatusSuspended = 0x00002000,
    kIOUSBHostPortStatusOvercurrent = 0x00004000,
    kIOUSBHostPortStatusTestMode = 0x00008000
};

#endif
