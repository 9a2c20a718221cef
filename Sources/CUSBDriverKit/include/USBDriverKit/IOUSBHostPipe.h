// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The pipes of an interface.

#pragma once

#include <DriverKit/IOMemoryDescriptor.h>
#include <DriverKit/IOService.h>
#include <DriverKit/OSAction.h>
#include <USBDriverKit/AppleUSBDefinitions.h>
#include <USBDriverKit/AppleUSBDescriptorParsing.h>
#include <USBDriverKit/IOUSBHostFamilyDefinitions.h>
#include <USBDriverKit/IOUSBHostPipeTypes.h>
#include <USBDriverKit/USBDriverKitDefs.h>

#define IOUSBHostPipe_CompleteAsyncIO_Args \
    OSAction *action, IOReturn status, uint32_t actualByteCount, uint64_t completionTimestamp
#define IOUSBHostPipe_CompleteAsyncIsochIO_Args OSAction *action, IOReturn status
#define IOUSBHostPipe_CompleteAsyncIOBundled_Args \
    OSAction *action, uint32_t ioCompletionIndex, uint32_t ioCompletionCount, const uint32_t *actualByteCountArray, \
        int actualByteCountArrayCount, const kern_return_t *statusArray, int statusArrayCount

/// A pipe: an endpoint of the alternate setting that an interface is in. Setting another one, or closing the interface,
/// ends the pipe, and every call fails from then on.
///
/// Synchronous calls may be made from inside a completion. A call that returns anything but kIOReturnSuccess has no
/// completion.
class IOUSBHostPipe : public OSObject {
public:
    using super = OSObject;

    /// The type of a method that AsyncIO calls at the end, in DECLARE_ACTION.
    struct CompleteAsyncIO {
        using Function = void(OSAction *action, IOReturn status, uint32_t actualByteCount,
                              uint64_t completionTimestamp);
        static constexpr swiftusb_dk_kind kind = swiftusb_dk_kind_io;
        template <class Target, Function Target::*method>
        static void Call(Target *target, OSAction *action, const swiftusb_dk_completion *completion) {
            (target->*method)(action, completion->status, completion->byte_count, completion->timestamp);
        }
    };

    /// The type of a method that IsochIO calls at the end: bytes and times are in the frame list.
    struct CompleteAsyncIsochIO {
        using Function = void(OSAction *action, IOReturn status);
        static constexpr swiftusb_dk_kind kind = swiftusb_dk_kind_isoch_io;
        template <class Target, Function Target::*method>
        static void Call(Target *target, OSAction *action, const swiftusb_dk_completion *completion) {
            (target->*method)(action, completion->status);
        }
    };

    /// The type of a method that AsyncIOBundled calls as transfers end: as many consecutive ones of the ring as have.
    struct CompleteAsyncIOBundled {
        using Function = void(OSAction *action, uint32_t ioCompletionIndex, uint32_t ioCompletionCount,
                              const uint32_t *actualByteCountArray, int actualByteCountArrayCount,
                              const kern_return_t *statusArray, int statusArrayCount);
        static constexpr swiftusb_dk_kind kind = swiftusb_dk_kind_io_bundled;
        template <class Target, Function Target::*method>
        static void Call(Target *target, OSAction *action, const swiftusb_dk_completion *completion) {
            const int count = static_cast<int>(completion->index_count);
            (target->*method)(action, completion->first_index, completion->index_count, completion->byte_counts, count,
                              completion->statuses, count);
        }
    };

    /// The speed of the device: a kIOUSBHostConnectionSpeed.
    kern_return_t GetSpeed(uint8_t *speed) const { return swiftusb_dk_pipe_get_speed(handle.get(), speed); }

    /// The address of the device on its bus.
    kern_return_t GetDeviceAddress(uint8_t *address) const {
        return swiftusb_dk_pipe_get_device_address(handle.get(), address);
    }

    /// Ends everything that is under way on the pipe with `withError`, which is kIOReturnAborted.
    /// kIOUSBAbortSynchronous returns when all of it has ended, and refuses submissions meanwhile but from the
    /// completions of what it ends. `forClient` is NULL but on control pipes.
    kern_return_t Abort(IOOptionBits options, kern_return_t withError, IOService *forClient) {
        return swiftusb_dk_pipe_abort(handle.get(), options, withError, IOService::ClientObject(forClient));
    }

    /// Changes what a periodic pipe reserves of its bus: the descriptors of GetDescriptors, with less in them.
    kern_return_t AdjustPipe(const IOUSBStandardEndpointDescriptors *descriptors) {
        return swiftusb_dk_pipe_adjust(handle.get(), descriptors);
    }

    /// The descriptors of the endpoint.
    kern_return_t GetDescriptors(IOUSBStandardEndpointDescriptors *descriptors,
                                 IOUSBGetEndpointDescriptorOptions type) {
        return swiftusb_dk_pipe_get_descriptors(handle.get(), descriptors, static_cast<uint32_t>(type));
    }

    /// After how long without traffic a bulk or interrupt pipe is idle.
    kern_return_t SetIdlePolicy(uint32_t idleTimeoutMs) {
        return swiftusb_dk_pipe_set_idle_policy(handle.get(), idleTimeoutMs);
    }
    kern_return_t GetIdlePolicy(uint32_t *idleTimeoutMS) {
        return swiftusb_dk_pipe_get_idle_policy(handle.get(), idleTimeoutMS);
    }

    /// Ends what is under way, and lets a halted pipe go on from its first data packet; with a request the device is
    /// told to do the same, which is what a driver wants.
    kern_return_t ClearStall(bool withRequest) { return swiftusb_dk_pipe_clear_stall(handle.get(), withRequest); }

    /// Moves bytes on a bulk or interrupt pipe, and calls `completion` at the end. A timeout of 0 is none; interrupt
    /// pipes have none.
    kern_return_t AsyncIO(IOMemoryDescriptor *dataBuffer, uint32_t dataBufferLength, OSAction *completion,
                          uint32_t completionTimeoutMs) {
        return OSAction::Submit(completion, CompleteAsyncIO::kind, [&](swiftusb_dk_object *action) {
            return swiftusb_dk_pipe_async_io(handle.get(), IOMemoryDescriptor::LibraryObject(dataBuffer),
                                             dataBufferLength, action, completionTimeoutMs);
        });
    }

    /// The same, and returns at the end. `bytesTransferred` may be NULL.
    kern_return_t IO(IOMemoryDescriptor *dataBuffer, uint32_t dataBufferLength, uint32_t *bytesTransferred,
                     uint32_t completionTimeoutMs) {
        return swiftusb_dk_pipe_io(handle.get(), IOMemoryDescriptor::LibraryObject(dataBuffer), dataBufferLength,
                                   bytesTransferred, completionTimeoutMs);
    }

    /// Moves the entries of a frame list on an isochronous pipe, the first in frame `firstFrameNumber`, or as soon as
    /// possible if that is 0. With `completion` NULL it returns at the end.
    kern_return_t IsochIO(IOMemoryDescriptor *dataBuffer, IOMemoryDescriptor *frameList, uint64_t firstFrameNumber,
                          OSAction *completion) {
        swiftusb_dk_object *data = IOMemoryDescriptor::LibraryObject(dataBuffer);
        swiftusb_dk_object *list = IOMemoryDescriptor::LibraryObject(frameList);
        if (completion == nullptr) {
            return swiftusb_dk_pipe_isoch_io(handle.get(), data, list, firstFrameNumber, nullptr);
        }
        return OSAction::Submit(completion, CompleteAsyncIsochIO::kind, [&](swiftusb_dk_object *action) {
            return swiftusb_dk_pipe_isoch_io(handle.get(), data, list, firstFrameNumber, action);
        });
    }

    /// Makes the pipe's ring of `size` places for AsyncIOBundled, once.
    kern_return_t CreateMemoryDescriptorRing(uint32_t size) {
        return swiftusb_dk_pipe_create_ring(handle.get(), size);
    }

    /// Puts memory into a place of the ring, from 0 up: all of them before the ring is used.
    kern_return_t SetMemoryDescriptor(IOMemoryDescriptor *memoryDescriptor, uint32_t index) {
        return swiftusb_dk_pipe_set_memory(handle.get(), IOMemoryDescriptor::LibraryObject(memoryDescriptor), index);
    }

    /// Begins transfers with consecutive places of the ring. `*ioTransferAcceptedCount` of them have been taken; the
    /// rest is to be submitted again.
    kern_return_t AsyncIOBundled(uint32_t ioTransferIndex, uint32_t ioTransferCount, uint32_t *ioTransferAcceptedCount,
                                 const uint32_t *dataBufferLengthArray, int dataBufferLengthArrayCount,
                                 OSAction *completion, uint32_t completionTimeoutMs) {
        if (ioTransferAcceptedCount == nullptr || ioTransferCount > kIOUSBHostPipeBundlingMax) {
            return kIOReturnBadArgument;
        }
        return OSAction::Submit(completion, CompleteAsyncIOBundled::kind, ioTransferCount,
                                ioTransferAcceptedCount, [&](swiftusb_dk_object *action) {
                                    return swiftusb_dk_pipe_async_io_bundled(
                                        handle.get(), ioTransferIndex, ioTransferCount, ioTransferAcceptedCount,
                                        dataBufferLengthArray, dataBufferLengthArrayCount, action,
                                        completionTimeoutMs);
                                });
    }

    static IOUSBHostPipe *Adopting(swiftusb_dk_object *object) { return new (std::nothrow) IOUSBHostPipe(object); }

protected:
    explicit IOUSBHostPipe(swiftusb_dk_object *object) : handle(object) {}

private:
    swiftusb::Handle handle;
};
