// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What drivers and what they drive have in common.

#pragma once

#include <DriverKit/OSAction.h>
#include <DriverKit/OSObject.h>

#define IOService_Start_Args IOService *provider
#define IOService_Stop_Args IOService *provider

/// A driver, or what a driver drives. A program starts and stops drivers with the functions of
/// swiftusb_driverkit_host.h: it stands where the system stands on the Mac.
class IOService : public OSObject {
public:
    using super = OSObject;

    /// Starts a driver on what it is to drive.
    kern_return_t Start(IOService *provider, OSDispatchMethod supermethod = nullptr) {
        return supermethod == SUPERDISPATCH ? IOService::Start_Impl(provider) : this->Start_Impl(provider);
    }

    /// Stops a driver.
    kern_return_t Stop(IOService *provider, OSDispatchMethod supermethod = nullptr) {
        return supermethod == SUPERDISPATCH ? IOService::Stop_Impl(provider) : this->Stop_Impl(provider);
    }

    /// Tells the system that the driver is ready. There is nobody here to be told.
    kern_return_t RegisterService() { return kIOReturnSuccess; }

    /// What the driver drives, between Start and Stop; borrowed.
    IOService *GetProvider() const { return provider; }

    /// The driver's default queue, made if need be, with an owner more.
    kern_return_t CreateDefaultDispatchQueue(IODispatchQueue **queue) {
        return CopyDispatchQueue(kIOServiceDefaultQueueName, queue);
    }

    /// What the library knows a client by; NULL for NULL, and where there is no memory.
    static swiftusb_dk_object *ClientObject(IOService *client) {
        if (client == nullptr) return nullptr;
        std::lock_guard<std::mutex> locked(client->clientLock);
        if (client->clientHandle.get() == nullptr) swiftusb_dk_client_create(client->clientHandle.out());
        return client->clientHandle.get();
    }

protected:
    IOService() = default;
    ~IOService() override { OSSafeRelease(provider); }

    virtual kern_return_t Start_Impl(IOService *service) {
        if (service != nullptr) service->retain();
        OSSafeRelease(provider);
        provider = service;
        return kIOReturnSuccess;
    }

    virtual kern_return_t Stop_Impl(IOService *service) {
        (void)service;
        OSSafeReleaseNULL(provider);
        return kIOReturnSuccess;
    }

private:
    IOService *provider = nullptr;
    std::mutex clientLock;
    swiftusb::Handle clientHandle;
};
