// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The descriptors of the USB specifications and the numbers in them, under the names of USBDriverKit. Fields of more
// than one byte are little-endian, as on the wire.

#ifndef SWIFTUSB_USBDRIVERKIT_APPLEUSBDEFINITIONS_H
#define SWIFTUSB_USBDRIVERKIT_APPLEUSBDEFINITIONS_H

#include <DriverKit/IOReturn.h>
#include <DriverKit/IOTypes.h>

// What every descriptor begins with (USB 2.0 section 9.5).
typedef struct __attribute__((packed)) IOUSBDescriptorHeader {
    uint8_t bLength;
    uint8_t bDescriptorType;
} IOUSBDescriptorHeader;
typedef IOUSBDescriptorHeader IOUSBDescriptor;

// USB 2.0 table 9-8.
typedef struct __attribute__((packed)) IOUSBDeviceDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint16_t bcdUSB;
    uint8_t bDeviceClass;
    uint8_t bDeviceSubClass;
    uint8_t bDeviceProtocol;
    uint8_t bMaxPacketSize0;
    uint16_t idVendor;
    uint16_t idProduct;
    uint16_t bcdDevice;
    uint8_t iManufacturer;
    uint8_t iProduct;
    uint8_t iSerialNumber;
    uint8_t bNumConfigurations;
} IOUSBDeviceDescriptor;

// USB 2.0 table 9-10. The descriptors of the configuration follow it.
typedef struct __attribute__((packed)) IOUSBConfigurationDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint16_t wTotalLength;
    uint8_t bNumInterfaces;
    uint8_t bConfigurationValue;
    uint8_t iConfiguration;
    uint8_t bmAttributes;
    uint8_t MaxPower;
} IOUSBConfigurationDescriptor;

// USB 2.0 table 9-12.
typedef struct __attribute__((packed)) IOUSBInterfaceDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint8_t bInterfaceNumber;
    uint8_t bAlternateSetting;
    uint8_t bNumEndpoints;
    uint8_t bInterfaceClass;
    uint8_t bInterfaceSubClass;
    uint8_t bInterfaceProtocol;
    uint8_t iInterface;
} IOUSBInterfaceDescriptor;

// USB 3.2 table 9-16.
typedef struct __attribute__((packed)) IOUSBInterfaceAssociationDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint8_t bFirstInterface;
    uint8_t bInterfaceCount;
    uint8_t bFunctionClass;
    uint8_t bFunctionSubClass;
    uint8_t bFunctionProtocol;
    uint8_t iFunction;
} IOUSBInterfaceAssociationDescriptor;

// USB 2.0 table 9-13.
typedef struct __attribute__((packed)) IOUSBEndpointDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint8_t bEndpointAddress;
    uint8_t bmAttributes;
    uint16_t wMaxPacketSize;
    uint8_t bInterval;
} IOUSBEndpointDescriptor;

// USB 3.2 table 9-27.
typedef struct __attribute__((packed)) IOUSBSuperSpeedEndpointCompanionDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint8_t bMaxBurst;
    uint8_t bmAttributes;
    uint16_t wBytesPerInterval;
} IOUSBSuperSpeedEndpointCompanionDescriptor;

// USB 3.2 table 9-28.
typedef struct __attribute__((packed)) IOUSBSuperSpeedPlusIsochronousEndpointCompanionDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint16_t wReserved;
    uint32_t dwBytesPerInterval;
} IOUSBSuperSpeedPlusIsochronousEndpointCompanionDescriptor;

// USB 2.0 table 9-16: the text in UTF-16, without an end mark.
typedef struct __attribute__((packed)) IOUSBStringDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint8_t bString[1];
} IOUSBStringDescriptor;

// USB 3.2 table 9-12. The capabilities follow it.
typedef struct __attribute__((packed)) IOUSBBOSDescriptor {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint16_t wTotalLength;
    uint8_t bNumDeviceCaps;
} IOUSBBOSDescriptor;

// What the capabilities begin with (USB 3.2 table 9-14).
typedef struct __attribute__((packed)) IOUSBDeviceCapabilityDescriptorHeader {
    uint8_t bLength;
    uint8_t bDescriptorType;
    uint8_t bDevCapabilityType;
} IOUSBDeviceCapabilityDescriptorHeader;

// The eight bytes of a setup packet (USB 2.0 table 9-2).
typedef struct __attribute__((packed)) IOUSBDeviceRequest {
    uint8_t bmRequestType;
    uint8_t bRequest;
    uint16_t wValue;
    uint16_t wIndex;
    uint16_t wLength;
} IOUSBDeviceRequest;

// The parts of bmRequestType, in place.
enum {
    kIOUSBDeviceRequestSize = 8,
    kIOUSBDeviceRequestDirectionMask = 0x80,
    kIOUSBDeviceRequestDirectionPhase = 7,
    kIOUSBDeviceRequestDirectionOut = 0x00,
    kIOUSBDeviceRequestDirectionIn = 0x80,
    kIOUSBDeviceRequestTypeMask = 0x60,
    kIOUSBDeviceRequestTypePhase = 5,
    kIOUSBDeviceRequestTypeStandard = 0x00,
    kIOUSBDeviceRequestTypeClass = 0x20,
    kIOUSBDeviceRequestTypeVendor = 0x40,
    kIOUSBDeviceRequestRecipientMask = 0x1F,
    kIOUSBDeviceRequestRecipientPhase = 0,
    kIOUSBDeviceRequestRecipientDevice = 0,
    kIOUSBDeviceRequestRecipientInterface = 1,
    kIOUSBDeviceRequestRecipientEndpoint = 2,
    kIOUSBDeviceRequestRecipientOther = 3
};

// The parts of bmRequestType, by themselves.
enum {
    kIOUSBDeviceRequestDirectionValueOut = 0,
    kIOUSBDeviceRequestDirectionValueIn = 1,
    kIOUSBDeviceRequestTypeValueStandard = 0,
    kIOUSBDeviceRequestTypeValueClass = 1,
    kIOUSBDeviceRequestTypeValueVendor = 2,
    kIOUSBDeviceRequestRecipientValueDevice = 0,
    kIOUSBDeviceRequestRecipientValueInterface = 1,
    kIOUSBDeviceRequestRecipientValueEndpoint = 2,
    kIOUSBDeviceRequestRecipientValueOther = 3
};

// Standard requests (USB 2.0 table 9-4, USB 3.2 table 9-5).
enum {
    kIOUSBDeviceRequestGetStatus = 0,
    kIOUSBDeviceRequestClearFeature = 1,
    kIOUSBDeviceRequestGetState = 2,
    kIOUSBDeviceRequestSetFeature = 3,
    kIOUSBDeviceRequestSetAddress = 5,
    kIOUSBDeviceRequestGetDescriptor = 6,
    kIOUSBDeviceRequestSetDescriptor = 7,
    kIOUSBDeviceRequestGetConfiguration = 8,
    kIOUSBDeviceRequestSetConfiguration = 9,
    kIOUSBDeviceRequestGetInterface = 10,
    kIOUSBDeviceRequestSetInterface = 11,
    kIOUSBDeviceRequestSynchFrame = 12,
    kIOUSBDeviceRequestSetSel = 48,
    kIOUSBDeviceRequestSetIsochronousDelay = 49
};

// bDescriptorType.
enum {
    kIOUSBDescriptorTypeDevice = 1,
    kIOUSBDescriptorTypeConfiguration = 2,
    kIOUSBDescriptorTypeString = 3,
    kIOUSBDescriptorTypeInterface = 4,
    kIOUSBDescriptorTypeEndpoint = 5,
    kIOUSBDescriptorTypeDeviceQualifier = 6,
    kIOUSBDescriptorTypeOtherSpeedConfiguration = 7,
    kIOUSBDescriptorTypeInterfacePower = 8,
    kIOUSBDescriptorTypeOTG = 9,
    kIOUSBDescriptorTypeDebug = 10,
    kIOUSBDescriptorTypeInterfaceAssociation = 11,
    kIOUSBDescriptorTypeBOS = 15,
    kIOUSBDescriptorTypeDeviceCapability = 16,
    kIOUSBDecriptorTypeHID = 33,
    kIOUSBDecriptorTypeReport = 34,
    kIOUSBDescriptorTypePhysical = 35,
    kIOUSBDescriptorTypeHub = 41,
    kIOUSBDescriptorTypeSuperSpeedHub = 42,
    kIOUSBDescriptorTypeSuperSpeedUSBEndpointCompanion = 48,
    kIOUSBDescriptorTypeSuperSpeedPlusIsochronousEndpointCompanion = 49
};

// The parts of bEndpointAddress and bmAttributes, in place.
enum {
    kIOUSBEndpointDescriptorNumber = 0x0F,
    kIOUSBEndpointDescriptorDirection = 0x80,
    kIOUSBEndpointDescriptorDirectionPhase = 7,
    kIOUSBEndpointDescriptorDirectionOut = 0x00,
    kIOUSBEndpointDescriptorDirectionIn = 0x80,
    kIOUSBEndpointDescriptorTransferType = 0x03,
    kIOUSBEndpointDescriptorTransferTypePhase = 0,
    kIOUSBEndpointDescriptorTransferTypeControl = 0,
    kIOUSBEndpointDescriptorTransferTypeIsochronous = 1,
    kIOUSBEndpointDescriptorTransferTypeBulk = 2,
    kIOUSBEndpointDescriptorTransferTypeInterrupt = 3,
    kIOUSBEndpointDescriptorPacketSize = 0x07FF,
    kIOUSBEndpointDescriptorPacketSizeMult = 0x1800,
    kIOUSBEndpointDescriptorPacketSizeMultPhase = 11
};

// The types of endpoints, as IOUSBGetEndpointType() gives them.
enum {
    kIOUSBEndpointTypeControl = 0,
    kIOUSBEndpointTypeIsochronous = 1,
    kIOUSBEndpointTypeBulk = 2,
    kIOUSBEndpointTypeInterrupt = 3
};

// Directions of endpoints, as IOUSBGetEndpointDirection() gives them.
enum { kIOUSBEndpointDirectionOut = 0, kIOUSBEndpointDirectionIn = 1, kIOUSBEndpointDirectionUnknown = 2 };

// The language that string descriptors are asked for where none is named.
enum { kIOUSBLanguageIDEnglishUS = 0x0409 };

#endif
