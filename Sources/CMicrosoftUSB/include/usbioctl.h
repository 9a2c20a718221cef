// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Control codes that a USB device's lower end takes from a driver, in IRP_MJ_INTERNAL_DEVICE_CONTROL.

#ifndef CMICROSOFTUSB_USBIOCTL_H
#define CMICROSOFTUSB_USBIOCTL_H

#include "usb.h"
#include "usbiodef.h"
#include "winioctl.h"

// CTL_CODE of FILE_DEVICE_USB, functions 0, 1, 4 and 7, METHOD_NEITHER; as numbers, so that Swift has them too.
// The URB is Parameters.Others.Argument1.
#define IOCTL_INTERNAL_USB_SUBMIT_URB 0x00220003U
// These two have no parameters.
#define IOCTL_INTERNAL_USB_RESET_PORT 0x00220007U
#define IOCTL_INTERNAL_USB_CYCLE_PORT 0x0022001FU
// Parameters.Others.Argument1 points to a ULONG, which receives the two bits below.
#define IOCTL_INTERNAL_USB_GET_PORT_STATUS 0x00220013U
#define USBD_PORT_ENABLED 0x00000001
#define USBD_PORT_CONNECTED 0x00000002

#endif
