// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Memory of a driver's own.

#pragma once

#include <DriverKit/IOMemoryDescriptor.h>

/// Memory of a driver's own, zeroed at first.
class IOBufferMemoryDescriptor : public IOMemoryDescriptor {
public:
    using super = IOMemoryDescriptor;

    /// Makes memory of `capacity` bytes, all of which are described at first. `options` is a kIOMemoryDirection,
    /// `alignment` a power of two, or 0.
    static kern_return_t Create(uint64_t options, uint64_t capacity, uint64_t alignment,
                                IOBufferMemoryDescriptor **memory) {
        if (memory == nullptr) return kIOReturnBadArgument;
        swiftusb_dk_object *made = nullptr;
        kern_return_t status = swiftusb_dk_buffer_create(options, capacity, alignment, &made);
        return swiftusb::Adopt(status, made, memory);
    }

    /// Where the memory is, and how many bytes are described.
    kern_return_t GetAddressRange(IOAddressSegment *range) {
        if (range == nullptr) return kIOReturnBadArgument;
        return swiftusb_dk_memory_get_range(handle.get(), &range->address, &range->length);
    }

    /// Describes as many bytes from the beginning, up to the capacity. Of a frame list, this is how many entries it
    /// has.
    kern_return_t SetLength(uint64_t length) { return swiftusb_dk_buffer_set_length(handle.get(), length); }

    static IOBufferMemoryDescriptor *Adopting(swiftusb_dk_object *object) {
        return new (std::nothrow) IOBufferMemoryDescriptor(object);
    }

protected:
    using IOMemoryDescriptor::IOMemoryDescriptor;
};
