// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// How a program gets a device for a driver, and starts and stops the driver. On the Mac this is the system's part: it
// matches drivers with devices, in a process of each driver's own.
//
//     IOUSBHostInterface *interface = nullptr;
//     swiftusb_driverkit_copy_interface("1d50:6018", 1, &interface);
//     ToneDriver *driver = OSTypeAlloc(ToneDriver);
//     driver->init();
//     swiftusb_driverkit_start(driver, interface);
//     IOSleep(1000);
//     swiftusb_driverkit_stop(driver);
//     OSSafeReleaseNULL(driver);
//     OSSafeReleaseNULL(interface);
//
// The bus is the process's: the one that the environment variable USB_HOST names.

#pragma once

#include <DriverKit/DriverKit.h>
#include <USBDriverKit/USBDriverKit.h>

/// A device of the process's bus, by `VID:PID` or `VID:PID:SERIAL`, not yet opened. kIOReturnNotFound when there is
/// none, kIOReturnBadArgument when `name` is not of this form.
inline kern_return_t swiftusb_driverkit_copy_device(const char *name, IOUSBHostDevice **device) {
    if (name == nullptr || device == nullptr) return kIOReturnBadArgument;
    swiftusb_dk_object *copy = nullptr;
    kern_return_t status = swiftusb_dk_device_matching(name, &copy);
    return swiftusb::Adopt(status, copy, device);
}

/// An interface of such a device by its number, not yet opened. kIOReturnNotFound when there is none.
inline kern_return_t swiftusb_driverkit_copy_interface(const char *name, uint8_t number,
                                                       IOUSBHostInterface **interface) {
    if (interface == nullptr) return kIOReturnBadArgument;
    IOUSBHostDevice *device = nullptr;
    kern_return_t status = swiftusb_driverkit_copy_device(name, &device);
    if (status != kIOReturnSuccess) return status;
    uintptr_t iterator = 0;
    status = device->CreateInterfaceIterator(&iterator);
    if (status == kIOReturnSuccess) {
        IOUSBHostInterface *found = nullptr;
        IOUSBHostInterface *next = nullptr;
        while (found == nullptr && device->CopyInterface(iterator, &next) == kIOReturnSuccess && next != nullptr) {
            const IOUSBConfigurationDescriptor *configuration = next->CopyConfigurationDescriptor();
            const IOUSBInterfaceDescriptor *descriptor = next->GetInterfaceDescriptor(configuration);
            if (descriptor != nullptr && descriptor->bInterfaceNumber == number) {
                found = next;
            } else {
                next->release();
            }
            IOUSBHostFreeDescriptor(configuration);
        }
        device->DestroyInterfaceIterator(iterator);
        if (found != nullptr) {
            *interface = found;
        } else {
            status = kIOReturnNotFound;
        }
    }
    device->release();
    return status;
}

/// Starts a driver that has been made ready with `init()`, on its own queue, and returns when it has started. A driver
/// that fails to start is not stopped.
inline kern_return_t swiftusb_driverkit_start(IOService *driver, IOService *provider) {
    if (driver == nullptr) return kIOReturnBadArgument;
    IODispatchQueue *queue = nullptr;
    kern_return_t status = driver->CreateDefaultDispatchQueue(&queue);
    if (status != kIOReturnSuccess) return status;
    queue->DispatchSync([&] { status = driver->Start(provider); });
    queue->release();
    return status;
}

/// Stops a driver on its own queue, and returns when it has stopped.
inline kern_return_t swiftusb_driverkit_stop(IOService *driver) {
    if (driver == nullptr) return kIOReturnBadArgument;
    IODispatchQueue *queue = nullptr;
    kern_return_t status = driver->CreateDefaultDispatchQueue(&queue);
    if (status != kIOReturnSuccess) return status;
    queue->DispatchSync([&] { status = driver->Stop(driver->GetProvider()); });
    queue->release();
    return status;
}
