// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The interfaces of a device.

#pragma once

#include <USBDriverKit/IOUSBHostDevice.h>
#include <USBDriverKit/IOUSBHostPipe.h>

/// An interface of the configuration that a device is in.
class IOUSBHostInterface : public IOService {
public:
    using super = IOService;

    /// Takes the interface for a client; kIOReturnExclusiveAccess while another has it. With the option
    /// kOpenOptionsSelectAlternateInterface, `arg` is the alternate setting to begin with.
    kern_return_t Open(IOService *forClient, IOOptionBits options, uint8_t *arg) {
        return swiftusb_dk_interface_open(handle.get(), ClientObject(forClient), options, arg);
    }

    /// Ends what is under way on the interface and its pipes, and lets it go.
    kern_return_t Close(IOService *forClient, IOOptionBits options) {
        return swiftusb_dk_interface_close(handle.get(), ClientObject(forClient), options);
    }

    /// The pipe of an endpoint, by its address with the direction in bit 7.
    kern_return_t CopyPipe(uint8_t address, IOUSBHostPipe **pipe) {
        if (pipe == nullptr) return kIOReturnBadArgument;
        swiftusb_dk_object *copy = nullptr;
        kern_return_t status = swiftusb_dk_interface_copy_pipe(handle.get(), address, &copy);
        return swiftusb::Adopt(status, copy, pipe);
    }

    /// Ends what is under way and the pipes with it, and puts the interface into another setting.
    kern_return_t SelectAlternateSetting(uint8_t bAlternateSetting) {
        return swiftusb_dk_interface_select_alternate_setting(handle.get(), bAlternateSetting);
    }

    kern_return_t CopyDevice(IOUSBHostDevice **device) {
        if (device == nullptr) return kIOReturnBadArgument;
        swiftusb_dk_object *copy = nullptr;
        kern_return_t status = swiftusb_dk_interface_copy_device(handle.get(), &copy);
        return swiftusb::Adopt(status, copy, device);
    }

    /// After how long without traffic on all its pipes the interface is idle.
    kern_return_t SetIdlePolicy(uint32_t deviceIdleTimeout) {
        return swiftusb_dk_interface_set_idle_policy(handle.get(), deviceIdleTimeout);
    }
    kern_return_t GetIdlePolicy(uint32_t *deviceIdleTimeout) {
        return swiftusb_dk_interface_get_idle_policy(handle.get(), deviceIdleTimeout);
    }

    /// A copy of the configuration that the interface is part of, for IOUSBHostFreeDescriptor; NULL when there is none.
    const IOUSBConfigurationDescriptor *CopyConfigurationDescriptor() {
        return swiftusb_dk_interface_copy_configuration_descriptor(handle.get());
    }

    /// The descriptor of the setting that the interface is in, inside such a copy.
    const IOUSBInterfaceDescriptor *GetInterfaceDescriptor(
        const IOUSBConfigurationDescriptor *configurationDescriptor) {
        return swiftusb_dk_interface_get_interface_descriptor(handle.get(), configurationDescriptor);
    }

    /// A copy of a string, for IOUSBHostFreeDescriptor; NULL when there is none.
    const IOUSBStringDescriptor *CopyStringDescriptor(uint8_t index, uint16_t languageID) {
        return swiftusb_dk_copy_string_descriptor(handle.get(), index, languageID);
    }
    const IOUSBStringDescriptor *CopyStringDescriptor(uint8_t index) {
        return CopyStringDescriptor(index, kIOUSBLanguageIDEnglishUS);
    }

    /// Memory for the interface's transfers. `options` is a kIOMemoryDirection.
    kern_return_t CreateIOBuffer(IOOptionBits options, uint64_t capacity, IOBufferMemoryDescriptor **buffer) {
        if (buffer == nullptr) return kIOReturnBadArgument;
        swiftusb_dk_object *made = nullptr;
        kern_return_t status = swiftusb_dk_create_io_buffer(handle.get(), options, capacity, &made);
        return swiftusb::Adopt(status, made, buffer);
    }

    /// A request on the control endpoint of the device, which calls `completion` (a method of the type
    /// IOUSBHostDevice::CompleteAsyncDeviceRequest) at the end. A timeout of 0 is none.
    kern_return_t AsyncDeviceRequest(uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
                                     uint16_t wLength, IOMemoryDescriptor *dataBuffer, OSAction *completion,
                                     uint32_t completionTimeoutMs) {
        return OSAction::Submit(
            completion, IOUSBHostDevice::CompleteAsyncDeviceRequest::kind, [&](swiftusb_dk_object *action) {
                return swiftusb_dk_async_device_request(handle.get(), nullptr, bmRequestType, bRequest, wValue, wIndex,
                                                        wLength, IOMemoryDescriptor::LibraryObject(dataBuffer), action,
                                                        completionTimeoutMs);
            });
    }

    /// The same, and returns at the end. `bytesTransferred` may be NULL.
    kern_return_t DeviceRequest(uint8_t bmRequestType, uint8_t bRequest, uint16_t wValue, uint16_t wIndex,
                                uint16_t wLength, IOMemoryDescriptor *dataBuffer, uint16_t *bytesTransferred,
                                uint32_t completionTimeoutMs) {
        return swiftusb_dk_device_request(handle.get(), nullptr, bmRequestType, bRequest, wValue, wIndex, wLength,
                                          IOMemoryDescriptor::LibraryObject(dataBuffer), bytesTransferred,
                                          completionTimeoutMs);
    }

    /// Ends the interface's requests.
    kern_return_t AbortDeviceRequests(IOOptionBits options, IOReturn withError) {
        return swiftusb_dk_abort_device_requests(handle.get(), nullptr, options, withError);
    }

    kern_return_t GetPortStatus(uint32_t *portStatus) {
        return swiftusb_dk_get_port_status(handle.get(), portStatus);
    }

    // As those of the device.

    kern_return_t GetFrameNumber(uint64_t *frameNumber, uint64_t *theTime) {
        return swiftusb_dk_get_frame_number(handle.get(), frameNumber, theTime);
    }
    kern_return_t CurrentMicroframe(uint64_t *microframeNumber, uint64_t *theTime) {
        return swiftusb_dk_current_microframe(handle.get(), microframeNumber, theTime);
    }
    kern_return_t ReferenceMicroframe(uint64_t *microframeNumber, uint64_t *theTime) {
        return swiftusb_dk_reference_microframe(handle.get(), microframeNumber, theTime);
    }

    static IOUSBHostInterface *Adopting(swiftusb_dk_object *object) {
        return new (std::nothrow) IOUSBHostInterface(object);
    }

protected:
    explicit IOUSBHostInterface(swiftusb_dk_object *object) : handle(object) {}

private:
    swiftusb::Handle handle;
};

inline kern_return_t IOUSBHostDevice::CopyInterface(uintptr_t ref, IOUSBHostInterface **interface) {
    if (interface == nullptr) return kIOReturnBadArgument;
    swiftusb_dk_object *copy = nullptr;
    kern_return_t status = swiftusb_dk_device_copy_interface(handle.get(), ref, &copy);
    return swiftusb::Adopt(status, copy, interface);
}
