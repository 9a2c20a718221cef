// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The structures that pipes take, for C, C++ and Swift. A C++ program includes IOUSBHostPipe.h.

#ifndef SWIFTUSB_USBDRIVERKIT_IOUSBHOSTPIPETYPES_H
#define SWIFTUSB_USBDRIVERKIT_IOUSBHOSTPIPETYPES_H

#include <USBDriverKit/AppleUSBDefinitions.h>

// One entry of the frame list of an isochronous transfer: one service interval of the endpoint. 24 bytes.
typedef struct __attribute__((packed)) IOUSBIsochronousFrame {
    // The entry's result: kIOReturnInvalid from the submission until it has one.
    IOReturn status;
    // The bytes to send, or the room to receive into. The caller sets it.
    uint32_t requestCount;
    // The bytes that moved.
    uint32_t completeCount;
    // 0.
    uint32_t reserved;
    // When the entry's end was seen, in the units of mach_absolute_time().
    uint64_t timeStamp;
} IOUSBIsochronousFrame;

// The descriptors of one endpoint. 24 bytes.
typedef struct IOUSBStandardEndpointDescriptors {
    // The revision that the device keeps to: 0x0110, 0x0200, 0x0300 or 0x0310.
    uint16_t bcdUSB;
    IOUSBEndpointDescriptor descriptor;
    // All zero where there is none.
    IOUSBSuperSpeedEndpointCompanionDescriptor ssCompanionDescriptor;
    // All zero where there is none.
    IOUSBSuperSpeedPlusIsochronousEndpointCompanionDescriptor sspCompanionDescriptor;
} IOUSBStandardEndpointDescriptors;

// Which descriptors GetDescriptors() gives: those that the pipe was made with, or as AdjustPipe() has changed them.
typedef enum IOUSBGetEndpointDescriptorOptions {
    kIOUSBGetEndpointDescriptorOriginal = 0,
    kIOUSBGetEndpointDescriptorCurrentPolicy = 1
} IOUSBGetEndpointDescriptorOptions;

// The most transfers of one call of AsyncIOBundled().
enum { kIOUSBHostPipeBundlingMax = 16 };

#endif
