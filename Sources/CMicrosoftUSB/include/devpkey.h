// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The properties of devices that the library knows.

#ifndef CMICROSOFTUSB_DEVPKEY_H
#define CMICROSOFTUSB_DEVPKEY_H

#include "devpropdef.h"

#define SWIFTUSB_DEVICE_KEY(name, pid) \
    DEFINE_DEVPROPKEY(name, 0xA45C254E, 0xDF1C, 0x4EFD, 0x80, 0x20, 0x67, 0xD1, 0x46, 0xA8, 0x50, 0xE0, pid)

// Strings, but for the lists of identifiers (STRING_LIST), ClassGuid (GUID), BusNumber and Address (UINT32).
DEFINE_DEVPROPKEY(DEVPKEY_NAME, 0xB725F130, 0x47EF, 0x101A, 0xA5, 0xF1, 0x02, 0x60, 0x8C, 0x9E, 0xEB, 0xAC, 10);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_DeviceDesc, 2);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_HardwareIds, 3);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_CompatibleIds, 4);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_Service, 6);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_Class, 9);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_ClassGuid, 10);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_Driver, 11);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_Manufacturer, 13);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_FriendlyName, 14);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_LocationInfo, 15);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_BusNumber, 23);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_EnumeratorName, 24);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_Address, 30);
SWIFTUSB_DEVICE_KEY(DEVPKEY_Device_LocationPaths, 37);
DEFINE_DEVPROPKEY(
    DEVPKEY_Device_BusReportedDeviceDesc, 0x540B947E, 0x8B40, 0x45BC, 0xA8, 0xA2, 0x6A, 0x0B, 0x89, 0x4C, 0xBD, 0xA2,
    4);
DEFINE_DEVPROPKEY(
    DEVPKEY_Device_Parent, 0x4340A6C5, 0x93FA, 0x4706, 0x97, 0x2C, 0x7B, 0x64, 0x80, 0x08, 0xA5, 0xA7, 8);
DEFINE_DEVPROPKEY(
    DEVPKEY_Device_InstanceId, 0x78C34FC8, 0x104A, 0x4ACA, 0x9E, 0xA4, 0x52, 0x4D, 0x52, 0x99, 0x6E, 0x57, 256);

#endif
