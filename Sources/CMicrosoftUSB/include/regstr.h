// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Names of registry keys: samples include this header and use none of them. There is no registry.

#ifndef CMICROSOFTUSB_REGSTR_H
#define CMICROSOFTUSB_REGSTR_H

#endif
