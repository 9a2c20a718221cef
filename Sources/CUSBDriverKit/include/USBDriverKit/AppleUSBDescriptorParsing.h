// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Walking through descriptors. Nothing here reads beyond wTotalLength of the configuration it is given, whatever the
// descriptors in it say.

#ifndef SWIFTUSB_USBDRIVERKIT_APPLEUSBDESCRIPTORPARSING_H
#define SWIFTUSB_USBDRIVERKIT_APPLEUSBDESCRIPTORPARSING_H

#include <USBDriverKit/AppleUSBDefinitions.h>
#include <USBDriverKit/IOUSBHostFamilyDefinitions.h>

#if defined(__cplusplus)
#define SWIFTUSB_DESCRIPTOR_CAST(type, pointer) reinterpret_cast<type>(pointer)
#else
#define SWIFTUSB_DESCRIPTOR_CAST(type, pointer) ((type)(pointer))
#endif

// The descriptor that follows `current`, or the first one behind the configuration's own if `current` is NULL; NULL at
// the end, and where the rest makes no sense.
static inline const IOUSBDescriptorHeader *IOUSBGetNextDescriptor(
    const IOUSBConfigurationDescriptor *configurationDescriptor, const IOUSBDescriptorHeader *currentDescriptor) {
    if (!configurationDescriptor) return NULL;
    const uint8_t *start = SWIFTUSB_DESCRIPTOR_CAST(const uint8_t *, configurationDescriptor);
    const uint8_t *end = start + configurationDescriptor->wTotalLength;
    const uint8_t *current =
        currentDescriptor ? SWIFTUSB_DESCRIPTOR_CAST(const uint8_t *, currentDescriptor) : start;
    if (current < start || current >= end || end - current < 2 || current[0] < 2 || current[0] > end - current) {
        return NULL;
    }
    const uint8_t *next = current + current[0];
    if (end - next < 2 || next[0] < 2 || next[0] > end - next) return NULL;
    return SWIFTUSB_DESCRIPTOR_CAST(const IOUSBDescriptorHeader *, next);
}

// The next descriptor of a type.
static inline const IOUSBDescriptorHeader *IOUSBGetNextDescriptorWithType(
    const IOUSBConfigurationDescriptor *configurationDescriptor, const IOUSBDescriptorHeader *currentDescriptor,
    const uint8_t type) {
    const IOUSBDescriptorHeader *next = currentDescriptor;
    while ((next = IOUSBGetNextDescriptor(configurationDescriptor, next)) != NULL) {
        if (next->bDescriptorType == type) return next;
    }
    return NULL;
}

// The next descriptor that belongs to `parentDescriptor`: it ends where another of the parent's type begins, or where an
// association does.
static inline const IOUSBDescriptorHeader *IOUSBGetNextAssociatedDescriptor(
    const IOUSBConfigurationDescriptor *configurationDescriptor, const IOUSBDescriptorHeader *parentDescriptor,
    const IOUSBDescriptorHeader *currentDescriptor) {
    if (!parentDescriptor) return NULL;
    const IOUSBDescriptorHeader *next =
        IOUSBGetNextDescriptor(configurationDescriptor, currentDescriptor ? currentDescriptor : parentDescriptor);
    if (!next || next->bDescriptorType == parentDescriptor->bDescriptorType ||
        next->bDescriptorType == kIOUSBDescriptorTypeInterfaceAssociation) {
        return NULL;
    }
    // An endpoint's own descriptors end with its interface too.
    if (parentDescriptor->bDescriptorType == kIOUSBDescriptorTypeEndpoint &&
        next->bDescriptorType == kIOUSBDescriptorTypeInterface) {
        return NULL;
    }
    return next;
}

// The next descriptor of a type that belongs to `parentDescriptor`.
static inline const IOUSBDescriptorHeader *IOUSBGetNextAssociatedDescriptorWithType(
    const IOUSBConfigurationDescriptor *configurationDescriptor, const IOUSBDescriptorHeader *parentDescriptor,
    const IOUSBDescriptorHeader *currentDescriptor, const uint8_t type) {
    const IOUSBDescriptorHeader *next = currentDescriptor;
    while ((next = IOUSBGetNextAssociatedDescriptor(configurationDescriptor, parentDescriptor, next)) != NULL) {
        if (next->bDescriptorType == type) return next;
    }
    return NULL;
}

// The next interface descriptor of a configuration.
static inline const IOUSBInterfaceDescriptor *IOUSBGetNextInterfaceDescriptor(
    const IOUSBConfigurationDescriptor *configurationDescriptor, const IOUSBDescriptorHeader *currentDescriptor) {
    const IOUSBDescriptorHeader *next = currentDescriptor;
    do {
        next = IOUSBGetNextDescriptorWithType(configurationDescriptor, next, kIOUSBDescriptorTypeInterface);
    } while (next && next->bLength < sizeof(IOUSBInterfaceDescriptor));
    return SWIFTUSB_DESCRIPTOR_CAST(const IOUSBInterfaceDescriptor *, next);
}

// The next endpoint descriptor of an interface.
static inline const IOUSBEndpointDescriptor *IOUSBGetNextEndpointDescriptor(
    const IOUSBConfigurationDescriptor *configurationDescriptor, const IOUSBInterfaceDescriptor *interfaceDescriptor,
    const IOUSBDescriptorHeader *currentDescriptor) {
    const IOUSBDescriptorHeader *next = currentDescriptor;
    do {
        next = IOUSBGetNextAssociatedDescriptorWithType(
            configurationDescriptor, SWIFTUSB_DESCRIPTOR_CAST(const IOUSBDescriptorHeader *, interfaceDescriptor), next,
            kIOUSBDescriptorTypeEndpoint);
    } while (next && next->bLength < sizeof(IOUSBEndpointDescriptor));
    return SWIFTUSB_DESCRIPTOR_CAST(const IOUSBEndpointDescriptor *, next);
}

// kIOUSBEndpointDirectionIn or Out.
static inline uint8_t IOUSBGetEndpointDirection(const IOUSBEndpointDescriptor *descriptor) {
    return descriptor->bEndpointAddress & kIOUSBEndpointDescriptorDirection ? kIOUSBEndpointDirectionIn
                                                                             : kIOUSBEndpointDirectionOut;
}

// The address with its direction.
static inline uint8_t IOUSBGetEndpointAddress(const IOUSBEndpointDescriptor *descriptor) {
    return descriptor->bEndpointAddress & (kIOUSBEndpointDescriptorDirection | kIOUSBEndpointDescriptorNumber);
}

// The number without the direction.
static inline uint8_t IOUSBGetEndpointNumber(const IOUSBEndpointDescriptor *descriptor) {
    return descriptor->bEndpointAddress & kIOUSBEndpointDescriptorNumber;
}

// kIOUSBEndpointTypeControl, Isochronous, Bulk or Interrupt.
static inline uint8_t IOUSBGetEndpointType(const IOUSBEndpointDescriptor *descriptor) {
    return descriptor->bmAttributes & kIOUSBEndpointDescriptorTransferType;
}

// The bytes of the largest packet. The speed is one of tIOUSBHostConnectionSpeed.
static inline uint16_t IOUSBGetEndpointMaxPacketSize(
    uint32_t usbDeviceSpeed, const IOUSBEndpointDescriptor *descriptor) {
    (void)usbDeviceSpeed;
    return descriptor->wMaxPacketSize & kIOUSBEndpointDescriptorPacketSize;
}

// The microframes between two service opportunities of a periodic endpoint; 0 for others and for values out of range.
static inline uint32_t IOUSBGetEndpointIntervalMicroframes(
    uint32_t usbDeviceSpeed, const IOUSBEndpointDescriptor *descriptor) {
    const uint8_t type = IOUSBGetEndpointType(descriptor);
    const uint32_t interval = descriptor->bInterval;
    if (interval == 0 || type == kIOUSBEndpointTypeControl || type == kIOUSBEndpointTypeBulk) return 0;
    if (usbDeviceSpeed >= kIOUSBHostConnectionSpeedHigh) return interval > 16 ? 0 : UINT32_C(1) << (interval - 1);
    if (type == kIOUSBEndpointTypeInterrupt) return interval * 8;
    return interval > 16 ? 0 : UINT32_C(8) << (interval - 1);
}

// The same in frames, of which a shorter interval takes none.
static inline uint32_t IOUSBGetEndpointIntervalFrames(
    uint32_t usbDeviceSpeed, const IOUSBEndpointDescriptor *descriptor) {
    return IOUSBGetEndpointIntervalMicroframes(usbDeviceSpeed, descriptor) / 8;
}

#undef SWIFTUSB_DESCRIPTOR_CAST

#endif
