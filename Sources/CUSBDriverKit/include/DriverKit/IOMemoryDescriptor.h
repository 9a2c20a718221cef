// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Memory that transfers use.

#pragma once

#include <DriverKit/OSObject.h>

class IOMemoryMap;

/// Memory that transfers use. A transfer keeps the memory until it has ended: it may be released before.
class IOMemoryDescriptor : public OSObject {
public:
    using super = OSObject;

    /// How many bytes are described.
    kern_return_t GetLength(uint64_t *returnLength) {
        uint64_t address = 0;
        if (returnLength == nullptr) return kIOReturnBadArgument;
        return swiftusb_dk_memory_get_range(handle.get(), &address, returnLength);
    }

    /// Where the memory is for the driver. `options`, `address` and `alignment` are not looked at: there is one process
    /// and one address. A length of 0 means the rest.
    kern_return_t CreateMapping(uint64_t options, uint64_t address, uint64_t offset, uint64_t length,
                                uint64_t alignment, IOMemoryMap **map);

    /// The same as two numbers. The memory stays there as long as the descriptor.
    kern_return_t Map(uint64_t options, uint64_t address, uint64_t length, uint64_t alignment, uint64_t *returnAddress,
                      uint64_t *returnLength) {
        (void)options;
        (void)address;
        (void)alignment;
        uint64_t start = 0, whole = 0;
        if (returnAddress == nullptr || returnLength == nullptr) return kIOReturnBadArgument;
        kern_return_t status = swiftusb_dk_memory_get_range(handle.get(), &start, &whole);
        if (status != kIOReturnSuccess) return status;
        if (length > whole) return kIOReturnBadArgument;
        *returnAddress = start;
        *returnLength = length == 0 ? whole : length;
        return kIOReturnSuccess;
    }

    /// A part of other memory, which it keeps.
    static kern_return_t CreateSubMemoryDescriptor(uint64_t memoryDescriptorCreateOptions, uint64_t offset,
                                                   uint64_t length, IOMemoryDescriptor *ofDescriptor,
                                                   IOMemoryDescriptor **memory) {
        if (ofDescriptor == nullptr || memory == nullptr) return kIOReturnBadArgument;
        swiftusb_dk_object *made = nullptr;
        kern_return_t status = swiftusb_dk_memory_create_sub(memoryDescriptorCreateOptions, offset, length,
                                                             ofDescriptor->LibraryObject(), &made);
        return swiftusb::Adopt(status, made, memory);
    }

    /// The library's object, borrowed.
    swiftusb_dk_object *LibraryObject() const { return handle.get(); }
    /// The same of what may be NULL.
    static swiftusb_dk_object *LibraryObject(const IOMemoryDescriptor *memory) {
        return memory == nullptr ? nullptr : memory->LibraryObject();
    }
    static IOMemoryDescriptor *Adopting(swiftusb_dk_object *object) {
        return new (std::nothrow) IOMemoryDescriptor(object);
    }

protected:
    explicit IOMemoryDescriptor(swiftusb_dk_object *object) : handle(object) {}

    swiftusb::Handle handle;
};

#include <DriverKit/IOMemoryMap.h>
