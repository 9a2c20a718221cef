// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Sizes, offsets and values of everything in DriverKit's headers that a compiled program has in it.

#include <DriverKit/DriverKit.h>
#include <USBDriverKit/USBDriverKit.h>

#include <type_traits>

#define SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field)
#define IS(name, value) static_assert(static_cast<uint32_t>(name) == (value), #name)
#define SAME(one, other) static_assert(std::is_same<one, other>::value, #one)

// ---- Types --------------------------------------------------------------------------------------------------------

SAME(kern_return_t, int);
SAME(IOReturn, int);
SAME(IOOptionBits, uint32_t);
SIZE(IOAddressSegment, 16);
AT(IOAddressSegment, length, 8);
SIZE(mach_timebase_info_data_t, 8);

// ---- A frame list -------------------------------------------------------------------------------------------------

SIZE(IOUSBIsochronousFrame, 24);
static_assert(alignof(IOUSBIsochronousFrame) == 1, "packed");
AT(IOUSBIsochronousFrame, status, 0);
AT(IOUSBIsochronousFrame, requestCount, 4);
AT(IOUSBIsochronousFrame, completeCount, 8);
AT(IOUSBIsochronousFrame, reserved, 12);
AT(IOUSBIsochronousFrame, timeStamp, 16);
SIZE(IOUSBIsochronousFrame[8], 192);

// ---- Descriptors --------------------------------------------------------------------------------------------------

SIZE(IOUSBDescriptorHeader, 2);
SIZE(IOUSBDeviceDescriptor, 18);
AT(IOUSBDeviceDescriptor, bcdUSB, 2);
AT(IOUSBDeviceDescriptor, bMaxPacketSize0, 7);
AT(IOUSBDeviceDescriptor, idVendor, 8);
AT(IOUSBDeviceDescriptor, idProduct, 10);
AT(IOUSBDeviceDescriptor, iManufacturer, 14);
AT(IOUSBDeviceDescriptor, bNumConfigurations, 17);
SIZE(IOUSBConfigurationDescriptor, 9);
AT(IOUSBConfigurationDescriptor, wTotalLength, 2);
AT(IOUSBConfigurationDescriptor, bConfigurationValue, 5);
AT(IOUSBConfigurationDescriptor, MaxPower, 8);
SIZE(IOUSBInterfaceDescriptor, 9);
AT(IOUSBInterfaceDescriptor, bAlternateSetting, 3);
AT(IOUSBInterfaceDescriptor, iInterface, 8);
SIZE(IOUSBInterfaceAssociationDescriptor, 8);
SIZE(IOUSBEndpointDescriptor, 7);
AT(IOUSBEndpointDescriptor, bEndpointAddress, 2);
AT(IOUSBEndpointDescriptor, wMaxPacketSize, 4);
AT(IOUSBEndpointDescriptor, bInterval, 6);
SIZE(IOUSBSuperSpeedEndpointCompanionDescriptor, 6);
AT(IOUSBSuperSpeedEndpointCompanionDescriptor, wBytesPerInterval, 4);
SIZE(IOUSBSuperSpeedPlusIsochronousEndpointCompanionDescriptor, 8);
AT(IOUSBSuperSpeedPlusIsochronousEndpointCompanionDescriptor, dwBytesPerInterval, 4);
SIZE(IOUSBBOSDescriptor, 5);
AT(IOUSBBOSDescriptor, bNumDeviceCaps, 4);
AT(IOUSBStandardEndpointDescriptors, bcdUSB, 0);
AT(IOUSBStandardEndpointDescriptors, descriptor, 2);
AT(IOUSBStandardEndpointDescriptors, ssCompanionDescriptor, 9);
AT(IOUSBStandardEndpointDescriptors, sspCompanionDescriptor, 15);

// ---- Codes --------------------------------------------------------------------------------------------------------

IS(kIOReturnSuccess, 0);
IS(kIOReturnInvalid, 0xE0000001);
IS(kIOReturnError, 0xE00002BC);
IS(kIOReturnNoMemory, 0xE00002BD);
IS(kIOReturnNoResources, 0xE00002BE);
IS(kIOReturnNoDevice, 0xE00002C0);
IS(kIOReturnNotPrivileged, 0xE00002C1);
IS(kIOReturnBadArgument, 0xE00002C2);
IS(kIOReturnExclusiveAccess, 0xE00002C5);
IS(kIOReturnUnsupported, 0xE00002C7);
IS(kIOReturnInternalError, 0xE00002C9);
IS(kIOReturnNotOpen, 0xE00002CD);
IS(kIOReturnBusy, 0xE00002D5);
IS(kIOReturnTimeout, 0xE00002D6);
IS(kIOReturnOffline, 0xE00002D7);
IS(kIOReturnNotReady, 0xE00002D8);
IS(kIOReturnNotAttached, 0xE00002D9);
IS(kIOReturnNoFrames, 0xE00002E0);
IS(kIOReturnNotPermitted, 0xE00002E2);
IS(kIOReturnUnderrun, 0xE00002E7);
IS(kIOReturnOverrun, 0xE00002E8);
IS(kIOReturnAborted, 0xE00002EB);
IS(kIOReturnNoBandwidth, 0xE00002EC);
IS(kIOReturnNotResponding, 0xE00002ED);
IS(kIOReturnIsoTooOld, 0xE00002EE);
IS(kIOReturnIsoTooNew, 0xE00002EF);
IS(kIOReturnNotFound, 0xE00002F0);
IS(kUSBHostReturnPipeStalled, 0xE0005000);
IS(kUSBHostReturnNoPower, 0xE0005001);
IS(kIOUSBPipeStalled, 0xE000404F);
IS(kIOUSBNotSent1Err, 0xE000400E);
IS(kIOUSBNotSent2Err, 0xE000400F);
IS(kIOUSBBufferUnderrunErr, 0xE000400D);
IS(kIOUSBBufferOverrunErr, 0xE000400C);
static_assert(kIOReturnError < 0, "codes of errors are negative");

// ---- Options ------------------------------------------------------------------------------------------------------

IS(kIOMemoryDirectionIn, 1);
IS(kIOMemoryDirectionOut, 2);
IS(kIOMemoryDirectionInOut, 3);
IS(kIOUSBAbortAsynchronous, 0);
IS(kIOUSBAbortSynchronous, 1);
IS(kOpenOptionsSelectAlternateInterface, 1u << 16);
IS(kIOUSBGetEndpointDescriptorOriginal, 0);
IS(kIOUSBGetEndpointDescriptorCurrentPolicy, 1);
IS(kIOUSBHostPipeBundlingMax, 16);
IS(kIOUSBHostConnectionSpeedNone, 0);
IS(kIOUSBHostConnectionSpeedFull, 1);
IS(kIOUSBHostConnectionSpeedLow, 2);
IS(kIOUSBHostConnectionSpeedHigh, 3);
IS(kIOUSBHostConnectionSpeedSuper, 4);
IS(kIOUSBHostConnectionSpeedSuperPlus, 5);
IS(kIOUSBHostConnectionSpeedSuperPlusBy2, 6);
IS(kIOUSBHostPortStatusPortTypeMask, 0xF);
IS(kIOUSBHostPortStatusConnectedSpeedMask, 7u << 8);
IS(kIOUSBHostPortStatusResetting, 1u << 11);
IS(kIOUSBHostPortStatusEnabled, 1u << 12);
IS(kIOUSBHostPortStatusSuspended, 1u << 13);
IS(kIOUSBHostPortStatusOvercurrent, 1u << 14);
IS(kIOUSBHostPortStatusTestMode, 1u << 15);
IS(kIOUSBEndpointDirectionIn, 1);
IS(kIOUSBEndpointTypeIsochronous, 1);
IS(kIOUSBEndpointTypeInterrupt, 3);

// ---- Methods ------------------------------------------------------------------------------------------------------

#define TAKES(class_name, method, ...) \
    static_assert(std::is_same<decltype(&class_name::method), kern_return_t (class_name::*)(__VA_ARGS__)>::value, \
                  #class_name "::" #method)

TAKES(IOUSBHostPipe, IsochIO, IOMemoryDescriptor *, IOMemoryDescriptor *, uint64_t, OSAction *);
TAKES(IOUSBHostPipe, AsyncIO, IOMemoryDescriptor *, uint32_t, OSAction *, uint32_t);
TAKES(IOUSBHostPipe, IO, IOMemoryDescriptor *, uint32_t, uint32_t *, uint32_t);
TAKES(IOUSBHostPipe, AsyncIOBundled, uint32_t, uint32_t, uint32_t *, const uint32_t *, int, OSAction *, uint32_t);
TAKES(IOUSBHostPipe, CreateMemoryDescriptorRing, uint32_t);
TAKES(IOUSBHostPipe, SetMemoryDescriptor, IOMemoryDescriptor *, uint32_t);
TAKES(IOUSBHostPipe, Abort, IOOptionBits, kern_return_t, IOService *);
TAKES(IOUSBHostPipe, ClearStall, bool);
TAKES(IOUSBHostPipe, AdjustPipe, const IOUSBStandardEndpointDescriptors *);
TAKES(IOUSBHostPipe, GetDescriptors, IOUSBStandardEndpointDescriptors *, IOUSBGetEndpointDescriptorOptions);
TAKES(IOUSBHostPipe, SetIdlePolicy, uint32_t);
TAKES(IOUSBHostInterface, Open, IOService *, IOOptionBits, uint8_t *);
TAKES(IOUSBHostInterface, Close, IOService *, IOOptionBits);
TAKES(IOUSBHostInterface, CopyPipe, uint8_t, IOUSBHostPipe **);
TAKES(IOUSBHostInterface, SelectAlternateSetting, uint8_t);
TAKES(IOUSBHostInterface, GetFrameNumber, uint64_t *, uint64_t *);
TAKES(IOUSBHostInterface, ReferenceMicroframe, uint64_t *, uint64_t *);
TAKES(IOUSBHostInterface, DeviceRequest, uint8_t, uint8_t, uint16_t, uint16_t, uint16_t, IOMemoryDescriptor *,
      uint16_t *, uint32_t);
TAKES(IOUSBHostInterface, AsyncDeviceRequest, uint8_t, uint8_t, uint16_t, uint16_t, uint16_t, IOMemoryDescriptor *,
      OSAction *, uint32_t);
TAKES(IOUSBHostInterface, AbortDeviceRequests, IOOptionBits, IOReturn);
TAKES(IOUSBHostDevice, Open, IOService *, IOOptionBits, uintptr_t);
TAKES(IOUSBHostDevice, SetConfiguration, uint8_t, bool);
TAKES(IOUSBHostDevice, DeviceRequest, IOService *, uint8_t, uint8_t, uint16_t, uint16_t, uint16_t,
      IOMemoryDescriptor *, uint16_t *, uint32_t);
TAKES(IOUSBHostDevice, AsyncDeviceRequest, IOService *, uint8_t, uint8_t, uint16_t, uint16_t, uint16_t,
      IOMemoryDescriptor *, OSAction *, uint32_t);
TAKES(IOUSBHostDevice, AbortDeviceRequests, IOService *, IOOptionBits, IOReturn);
TAKES(IOUSBHostDevice, CopyInterface, uintptr_t, IOUSBHostInterface **);
TAKES(IOUSBHostDevice, CurrentMicroframe, uint64_t *, uint64_t *);
TAKES(IOBufferMemoryDescriptor, GetAddressRange, IOAddressSegment *);
TAKES(IOBufferMemoryDescriptor, SetLength, uint64_t);

SAME(IOUSBHostPipe::CompleteAsyncIO::Function, void(OSAction *, IOReturn, uint32_t, uint64_t));
SAME(IOUSBHostPipe::CompleteAsyncIsochIO::Function, void(OSAction *, IOReturn));
SAME(IOUSBHostPipe::CompleteAsyncIOBundled::Function,
     void(OSAction *, uint32_t, uint32_t, const uint32_t *, int, const kern_return_t *, int));
SAME(IOUSBHostDevice::CompleteAsyncDeviceRequest::Function, void(OSAction *, IOReturn, uint32_t));

static_assert(std::is_base_of<IOService, IOUSBHostDevice>::value, "a device can be a provider");
static_assert(std::is_base_of<IOService, IOUSBHostInterface>::value, "an interface can be a provider");
static_assert(std::is_base_of<IOMemoryDescriptor, IOBufferMemoryDescriptor>::value, "a buffer is memory");

int main() { return 0; }
