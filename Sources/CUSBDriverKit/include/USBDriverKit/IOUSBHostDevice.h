// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Devices.

#pragma once

#include <DriverKit/IOBufferMemoryDescriptor.h>
#include <DriverKit/IOService.h>
#include <DriverKit/OSAction.h>
#include <USBDriverKit/AppleUSBDefinitions.h>
#include <USBDriverKit/AppleUSBDescriptorParsing.h>
#include <USBDriverKit/IOUSBHostFamilyDefinitions.h>
#include <USBDriverKit/USBByteOrder.h>
#include <USBDriverKit/USBDriverKitDefs.h>

class IOUSBHostInterface;

#define IOUSBHostDevice_CompleteAsyncDeviceRequest_Args OSAction *action, IOReturn status, uint32_t bytesTransferred

/// Gives back a descriptor that a Copy function has returned. NULL is let be.
inline void IOUSBHostFreeDescriptor(const void *descriptor) { swiftusb_dk_free_descriptor(descriptor); }

/// A device.
class IOUSBHostDevice : public IOService {
public:
    using super = IOService;

    /// The type of a method that AsyncDeviceRequest calls at the end, in DECLARE_ACTION.
    struct CompleteAsyncDeviceRequest {
        using Function = void(OSAction *action, IOReturn status, uint32_t bytesTransferred);
        static constexpr swiftusb_dk_kind kind = swiftusb_dk_kind_device_request;
        template <class Target, Function Target::*method>
        static void Call(Target *target, OSAction *action, const swiftusb_dk_completion *completion) {
            (target->*method)(action, completion->status, completion->byte_count);
        }
    };

    /// Takes the device for a client; kIOReturnExclusiveAccess while another has it.
    kern_return_t Open(IOService *forClient, IOOptionBits options, uintptr_t arg) {
        return swiftusb_dk_device_open(handle.get(), ClientObject(forClient), options, arg);
    }

    /// Ends what the client has under way, and lets the device go.
    kern_return_t Close(IOService *forClient, IOOptionBits options) {
        return swiftusb_dk_device_close(handle.get(), ClientObject(forClient), options);
    }

    /// A descriptor, as much of it as `*length` bytes take; `*length` becomes the bytes that were written.
    kern_return_t CopyDescriptor(uint8_t type, uint16_t *length, uint8_t index, uint16_t languageID,
                                 uint8_t requestType, uint8_t requestRecipient, uint8_t *descriptor) {
        return swiftusb_dk_device_copy_descriptor(handle.get(), type, length, index, languageID, requestType,
                                                  requestRecipient, descriptor);
    }

    // The following are copies for IOUSBHostFreeDescriptor; NULL when there is none.

    const IOUSBDeviceDescriptor *CopyDeviceDescriptor() {
        return swiftusb_dk_device_copy_device_descriptor(handle.get());
    }
    const IOUSBConfigurationDescriptor *CopyConfigurationDescriptor(uint8_t index) {
        return swiftusb_dk_device_copy_configuration_descriptor(handle.get(), index);
    }
    const IOUSBConfigurationDescriptor *CopyConfigurationDescriptorWithValue(uint8_t bConfigurationValue) {
        return swiftusb_dk_device_copy_configuration_with_value(handle.get(), bConfigurationValue);
    }
    /// The configuration that the device is in.
    const IOUSBConfigurationDescriptor *CopyConfigurationDescriptor(IOService *forClient) {
        return swiftusb_dk_device_copy_current_configuration(handle.get(), ClientObject(forClient));
    }
    const IOUSBBOSDescriptor *CopyCapabilityDescriptors() {
        return swiftusb_dk_device_copy_capability_descriptors(handle.get());
    }
    const IOUSBStringDescriptor *CopyStringDescriptor(uint8_t index, uint16_t languageID) {
        return swiftusb_dk_copy_string_descriptor(handle.get(), index, languageID);
    }
    const IOUSBStringDescriptor *CopyStringDescriptor(uint8_t index) {
        return CopyStringDescriptor(index, kIOUSBLanguageIDEnglishUS);
    }

    /// Memory for the device's transfers. `options` is a kIOMemoryDirection.
    kern_return_t CreateIOBuffer(IOOptionBits options, uint64_t capacity, IOBufferMemoryDescriptor **buffer) {
        if (buffer == nullptr) return kIOReturnBadArgument;
        swiftusb_dk_object *made = nullptr;
        kern_return_t status = swiftusb_dk_create_io_buffer(handle.get(), options, capacity, &made);
        return swiftusb::Adopt(status, made, buffer);
    }

    /// A request on the control endpoint, which calls `completion` at the end. A timeout of 0 is none.
    kern_return_t AsyncDeviceRequest(IOService *forClient, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                                     uint16_t wIndex, uint16_t wLength, IOMemoryDescriptor *dataBuffer,
                                     OSAction *completion, uint32_t completionTimeoutMs) {
        return OSAction::Submit(completion, CompleteAsyncDeviceRequest::kind, [&](swiftusb_dk_object *action) {
            return swiftusb_dk_async_device_request(handle.get(), ClientObject(forClient), bmRequestType, bRequest,
                                                    wValue, wIndex, wLength,
                                                    IOMemoryDescriptor::LibraryObject(dataBuffer), action,
                                                    completionTimeoutMs);
        });
    }

    /// The same, and returns at the end. `bytesTransferred` may be NULL.
    kern_return_t DeviceRequest(IOService *forClient, uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue,
                                uint16_t wIndex, uint16_t wLength, IOMemoryDescriptor *dataBuffer,
                                uint16_t *bytesTransferred, uint32_t completionTimeoutMs) {
        return swiftusb_dk_device_request(handle.get(), ClientObject(forClient), bmRequestType, bRequest, wValue,
                                          wIndex, wLength, IOMemoryDescriptor::LibraryObject(dataBuffer),
                                          bytesTransferred, completionTimeoutMs);
    }

    /// Ends the client's requests.
    kern_return_t AbortDeviceRequests(IOService *forClient, IOOptionBits options, IOReturn withError) {
        return swiftusb_dk_abort_device_requests(handle.get(), ClientObject(forClient), options, withError);
    }

    /// Puts the device into a configuration; the interfaces that there were end.
    kern_return_t SetConfiguration(uint8_t bConfigurationValue, bool matchInterfaces) {
        return swiftusb_dk_device_set_configuration(handle.get(), bConfigurationValue, matchInterfaces);
    }

    /// Resets the device, which ends this object and all below it.
    kern_return_t Reset() { return swiftusb_dk_device_reset(handle.get()); }

    kern_return_t GetAddress(uint8_t *address) const { return swiftusb_dk_device_get_address(handle.get(), address); }

    /// A kIOUSBHostConnectionSpeed.
    kern_return_t GetSpeed(uint8_t *speed) const { return swiftusb_dk_device_get_speed(handle.get(), speed); }

    kern_return_t GetPortStatus(uint32_t *portStatus) {
        return swiftusb_dk_get_port_status(handle.get(), portStatus);
    }

    /// The number of the frame now, of 1 ms, and the time at which that was so; `theTime` may be NULL.
    kern_return_t GetFrameNumber(uint64_t *frameNumber, uint64_t *theTime) {
        return swiftusb_dk_get_frame_number(handle.get(), frameNumber, theTime);
    }

    /// The number of the microframe now, of 125 us, and the time at which that was so.
    kern_return_t CurrentMicroframe(uint64_t *microframeNumber, uint64_t *theTime) {
        return swiftusb_dk_current_microframe(handle.get(), microframeNumber, theTime);
    }

    /// The number of a recent microframe and the time at which it began.
    kern_return_t ReferenceMicroframe(uint64_t *microframeNumber, uint64_t *theTime) {
        return swiftusb_dk_reference_microframe(handle.get(), microframeNumber, theTime);
    }

    /// Goes through the interfaces of the configuration: CopyInterface until it gives NULL.
    kern_return_t CreateInterfaceIterator(uintptr_t *ref) {
        return swiftusb_dk_device_create_interface_iterator(handle.get(), ref);
    }
    kern_return_t DestroyInterfaceIterator(uintptr_t ref) {
        return swiftusb_dk_device_destroy_interface_iterator(handle.get(), ref);
    }
    kern_return_t CopyInterface(uintptr_t ref, IOUSBHostInterface **interface);

    static IOUSBHostDevice *Adopting(swiftusb_dk_object *object) { return new (std::nothrow) IOUSBHostDevice(object); }

protected:
    explicit IOUSBHostDevice(swiftusb_dk_object *object) : handle(object) {}

private:
    swiftusb::Handle handle;
};

#include <USBDriverKit/IOUSBHostInterface.h>
