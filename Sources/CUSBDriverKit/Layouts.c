// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The target is headers; this makes it one that can be built, and sees that the layouts are those of DriverKit.

#include <USBDriverKit/IOUSBHostPipeTypes.h>

_Static_assert(sizeof(IOUSBIsochronousFrame) == 24, "an entry of a frame list");
_Static_assert(offsetof(IOUSBIsochronousFrame, timeStamp) == 16, "the time of an entry");
_Static_assert(sizeof(IOUSBStandardEndpointDescriptors) == 24, "the descriptors of an endpoint");
_Static_assert(offsetof(IOUSBStandardEndpointDescriptors, sspCompanionDescriptor) == 15, "the last of them");
