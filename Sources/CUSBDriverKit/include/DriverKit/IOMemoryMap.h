// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Where described memory is.

#pragma once

#include <DriverKit/IOMemoryDescriptor.h>

/// Where described memory is for the driver. It keeps the memory.
class IOMemoryMap : public OSObject {
public:
    using super = OSObject;

    uint64_t GetAddress() { return address; }
    uint64_t GetLength() { return length; }
    /// 0: the address is that of the first byte that was asked for.
    uint64_t GetOffset() { return 0; }

protected:
    ~IOMemoryMap() override { memory->release(); }

private:
    friend class IOMemoryDescriptor;

    IOMemoryMap(IOMemoryDescriptor *memory, uint64_t address, uint64_t length)
        : memory(memory), address(address), length(length) {
        memory->retain();
    }

    IOMemoryDescriptor *const memory;
    const uint64_t address;
    const uint64_t length;
};

inline kern_return_t IOMemoryDescriptor::CreateMapping(uint64_t options, uint64_t address, uint64_t offset,
                                                       uint64_t length, uint64_t alignment, IOMemoryMap **map) {
    (void)options;
    (void)address;
    (void)alignment;
    uint64_t start = 0, whole = 0;
    if (map == nullptr) return kIOReturnBadArgument;
    kern_return_t status = swiftusb_dk_memory_get_range(handle.get(), &start, &whole);
    if (status != kIOReturnSuccess) return status;
    if (offset > whole || length > whole - offset) return kIOReturnBadArgument;
    *map = new (std::nothrow) IOMemoryMap(this, start + offset, length == 0 ? whole - offset : length);
    return *map == nullptr ? kIOReturnNoMemory : kIOReturnSuccess;
}
