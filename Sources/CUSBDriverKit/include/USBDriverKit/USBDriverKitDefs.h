// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Options of the methods of USBDriverKit.

#ifndef SWIFTUSB_USBDRIVERKIT_USBDRIVERKITDEFS_H
#define SWIFTUSB_USBDRIVERKIT_USBDRIVERKITDEFS_H

#include <USBDriverKit/AppleUSBDefinitions.h>

// Whether Abort() waits until everything that it ends has ended.
typedef enum IOUSBAbortOptions { kIOUSBAbortAsynchronous = 0, kIOUSBAbortSynchronous = 1 } IOUSBAbortOptions;

// An option of IOUSBHostInterface's Open(): its last argument is the alternate setting to select.
#define kOpenOptionsSelectAlternateInterface ((IOOptionBits)0x00010000)

#endif
