// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What stands between the C++ classes of DriverKit and the library: functions in C over objects that only the library
// looks into. Drivers use the classes; see USBDriverKit/USBDriverKit.h, and swiftusb_driverkit_host.h for how a program
// gets a device for its driver.
//
// An object that a function returns through a pointer belongs to the caller, who ends with swiftusb_dk_release. Objects
// that are passed are borrowed for the call; what the library needs longer it keeps itself. A function that fails
// leaves what it would return through pointers as it was, unless it says otherwise. NULL for an object that is not said
// to be optional is kIOReturnBadArgument. Every function may be called from every thread, and from inside a completion.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <DriverKit/IOReturn.h>
#include <DriverKit/IOTypes.h>
#include <USBDriverKit/AppleUSBDefinitions.h>
#include <USBDriverKit/IOUSBHostPipeTypes.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An object of the library: a device, an interface, a pipe, a buffer, an action, a queue, or a client that opens them.
typedef struct swiftusb_dk_object swiftusb_dk_object;

// ---- Objects ------------------------------------------------------------------------------------------------------

/// One more owner. NULL is let be.
void swiftusb_dk_retain(swiftusb_dk_object *object);

/// One owner less; the last one ends the object. NULL is let be.
void swiftusb_dk_release(swiftusb_dk_object *object);

/// Something that opens devices and interfaces: it stands for the IOService that a driver passes as `forClient`.
kern_return_t swiftusb_dk_client_create(swiftusb_dk_object **client);

// ---- Queues -------------------------------------------------------------------------------------------------------

/// A function that a queue calls.
typedef void (*swiftusb_dk_function)(void *context);

/// A serial queue: what it runs, it runs in order and never two at once. `name` is copied.
kern_return_t swiftusb_dk_queue_create(const char *name, swiftusb_dk_object **queue);

/// Whether the calling thread runs something of the queue.
bool swiftusb_dk_queue_on_queue(swiftusb_dk_object *queue);

/// Calls `function` on the queue, some time behind what is there already.
void swiftusb_dk_queue_dispatch_async(swiftusb_dk_object *queue, void *context, swiftusb_dk_function function);

/// Calls `function` on the queue and returns when it has returned. On the queue itself it is called at once.
void swiftusb_dk_queue_dispatch_sync(swiftusb_dk_object *queue, void *context, swiftusb_dk_function function);

// ---- Actions ------------------------------------------------------------------------------------------------------

/// Which call an action completes. Another call that it is passed to fails with kIOReturnBadArgument.
typedef enum swiftusb_dk_kind {
    swiftusb_dk_kind_io = 1,
    swiftusb_dk_kind_isoch_io = 2,
    swiftusb_dk_kind_io_bundled = 3,
    swiftusb_dk_kind_device_request = 4
} swiftusb_dk_kind;

/// What a completion tells. Which fields have a meaning depends on the call that was completed.
typedef struct swiftusb_dk_completion {
    /// How it ended.
    kern_return_t status;
    /// AsyncIO, AsyncDeviceRequest: the bytes that moved.
    uint32_t byte_count;
    /// AsyncIO: when the end was seen, in the units of mach_absolute_time.
    uint64_t timestamp;
    /// AsyncIOBundled: the first place of the descriptor ring that ended, and how many did.
    uint32_t first_index;
    uint32_t index_count;
    /// AsyncIOBundled: the bytes that moved and how it ended, for each of them. Good during the call.
    const uint32_t *byte_counts;
    const kern_return_t *statuses;
} swiftusb_dk_completion;

/// A function that is told of an end. It runs on the action's queue.
typedef void (*swiftusb_dk_completion_function)(void *context, const swiftusb_dk_completion *completion);

/// What is called when an asynchronous call ends: once for each call that returned kIOReturnSuccess (once for each
/// bundle with AsyncIOBundled), never for a call that failed. An action may serve any number of calls. The caller keeps
/// what `context` points at as long as one of them is under way.
kern_return_t swiftusb_dk_action_create(swiftusb_dk_kind kind, swiftusb_dk_object *queue,
                                        swiftusb_dk_completion_function function, void *context,
                                        swiftusb_dk_object **action);

// ---- Memory -------------------------------------------------------------------------------------------------------

/// Zeroed memory of `capacity` bytes, all of which it describes at first. `options` is a kIOMemoryDirection;
/// `alignment` is a power of two, or 0 for the page size.
kern_return_t swiftusb_dk_buffer_create(uint64_t options, uint64_t capacity, uint64_t alignment,
                                        swiftusb_dk_object **buffer);

/// How many bytes from the beginning of a buffer are described.
kern_return_t swiftusb_dk_buffer_set_length(swiftusb_dk_object *buffer, uint64_t length);

/// Where described memory is, and how long. It stays there as long as the object.
kern_return_t swiftusb_dk_memory_get_range(swiftusb_dk_object *memory, uint64_t *address, uint64_t *length);

/// A part of described memory, which it keeps.
kern_return_t swiftusb_dk_memory_create_sub(uint64_t options, uint64_t offset, uint64_t length,
                                            swiftusb_dk_object *of_memory, swiftusb_dk_object **memory);

// ---- Devices ------------------------------------------------------------------------------------------------------

/// The device of the process's bus (the one that the environment variable USB_HOST names) that `name` means:
/// `VID:PID` or `VID:PID:SERIAL`, the numbers in hexadecimal. kIOReturnNotFound when there is none,
/// kIOReturnBadArgument when `name` is not of this form.
kern_return_t swiftusb_dk_device_matching(const char *name, swiftusb_dk_object **device);

kern_return_t swiftusb_dk_device_open(swiftusb_dk_object *device, swiftusb_dk_object *client, IOOptionBits options,
                                      uintptr_t arg);
kern_return_t swiftusb_dk_device_close(swiftusb_dk_object *device, swiftusb_dk_object *client, IOOptionBits options);
kern_return_t swiftusb_dk_device_set_configuration(swiftusb_dk_object *device, uint8_t configuration_value,
                                                   bool match_interfaces);
kern_return_t swiftusb_dk_device_reset(swiftusb_dk_object *device);
kern_return_t swiftusb_dk_device_get_address(swiftusb_dk_object *device, uint8_t *address);
kern_return_t swiftusb_dk_device_get_speed(swiftusb_dk_object *device, uint8_t *speed);
kern_return_t swiftusb_dk_device_create_interface_iterator(swiftusb_dk_object *device, uintptr_t *iterator);
kern_return_t swiftusb_dk_device_destroy_interface_iterator(swiftusb_dk_object *device, uintptr_t iterator);
/// kIOReturnSuccess with NULL when there are no more.
kern_return_t swiftusb_dk_device_copy_interface(swiftusb_dk_object *device, uintptr_t iterator,
                                                swiftusb_dk_object **interface);

/// A descriptor of the device, as much of it as `*length` bytes take; `*length` becomes the bytes written.
kern_return_t swiftusb_dk_device_copy_descriptor(swiftusb_dk_object *device, uint8_t type, uint16_t *length,
                                                 uint8_t index, uint16_t language, uint8_t request_type,
                                                 uint8_t recipient, uint8_t *descriptor);

/// Copies of descriptors, for swiftusb_dk_free_descriptor; NULL when there is none.
const IOUSBDeviceDescriptor *swiftusb_dk_device_copy_device_descriptor(swiftusb_dk_object *device);
const IOUSBConfigurationDescriptor *swiftusb_dk_device_copy_configuration_descriptor(swiftusb_dk_object *device,
                                                                                     uint8_t index);
const IOUSBConfigurationDescriptor *swiftusb_dk_device_copy_configuration_with_value(swiftusb_dk_object *device,
                                                                                     uint8_t configuration_value);
const IOUSBConfigurationDescriptor *swiftusb_dk_device_copy_current_configuration(swiftusb_dk_object *device,
                                                                                  swiftusb_dk_object *client);
const IOUSBBOSDescriptor *swiftusb_dk_device_copy_capability_descriptors(swiftusb_dk_object *device);
void swiftusb_dk_free_descriptor(const void *descriptor);

// ---- Interfaces ---------------------------------------------------------------------------------------------------

kern_return_t swiftusb_dk_interface_open(swiftusb_dk_object *interface, swiftusb_dk_object *client,
                                         IOOptionBits options, uint8_t *arg);
kern_return_t swiftusb_dk_interface_close(swiftusb_dk_object *interface, swiftusb_dk_object *client,
                                          IOOptionBits options);
kern_return_t swiftusb_dk_interface_copy_pipe(swiftusb_dk_object *interface, uint8_t address,
                                              swiftusb_dk_object **pipe);
kern_return_t swiftusb_dk_interface_copy_device(swiftusb_dk_object *interface, swiftusb_dk_object **device);
kern_return_t swiftusb_dk_interface_select_alternate_setting(swiftusb_dk_object *interface, uint8_t alternate_setting);
kern_return_t swiftusb_dk_interface_set_idle_policy(swiftusb_dk_object *interface, uint32_t milliseconds);
kern_return_t swiftusb_dk_interface_get_idle_policy(swiftusb_dk_object *interface, uint32_t *milliseconds);
const IOUSBConfigurationDescriptor *swiftusb_dk_interface_copy_configuration_descriptor(swiftusb_dk_object *interface);
/// The descriptor of the interface's current setting, inside `configuration`; NULL when it is not there.
const IOUSBInterfaceDescriptor *swiftusb_dk_interface_get_interface_descriptor(
    swiftusb_dk_object *interface, const IOUSBConfigurationDescriptor *configuration);

// ---- Devices and interfaces ---------------------------------------------------------------------------------------

// `object` is a device or an interface.

kern_return_t swiftusb_dk_get_frame_number(swiftusb_dk_object *object, uint64_t *frame, uint64_t *time);
kern_return_t swiftusb_dk_current_microframe(swiftusb_dk_object *object, uint64_t *microframe, uint64_t *time);
kern_return_t swiftusb_dk_reference_microframe(swiftusb_dk_object *object, uint64_t *microframe, uint64_t *time);
kern_return_t swiftusb_dk_get_port_status(swiftusb_dk_object *object, uint32_t *port_status);
/// For swiftusb_dk_free_descriptor; NULL when there is none.
const IOUSBStringDescriptor *swiftusb_dk_copy_string_descriptor(swiftusb_dk_object *object, uint8_t index,
                                                                uint16_t language);
kern_return_t swiftusb_dk_create_io_buffer(swiftusb_dk_object *object, IOOptionBits options, uint64_t capacity,
                                           swiftusb_dk_object **buffer);

/// Requests on the control endpoint. `client` is not looked at where `object` is an interface. `byte_count` may be
/// NULL.
kern_return_t swiftusb_dk_device_request(swiftusb_dk_object *object, swiftusb_dk_object *client, uint8_t request_type,
                                         uint8_t request, uint16_t value, uint16_t index, uint16_t length,
                                         swiftusb_dk_object *data, uint16_t *byte_count, uint32_t timeout);
kern_return_t swiftusb_dk_async_device_request(swiftusb_dk_object *object, swiftusb_dk_object *client,
                                               uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
                                               uint16_t length, swiftusb_dk_object *data, swiftusb_dk_object *action,
                                               uint32_t timeout);
kern_return_t swiftusb_dk_abort_device_requests(swiftusb_dk_object *object, swiftusb_dk_object *client,
                                                IOOptionBits options, kern_return_t with_error);

// ---- Pipes --------------------------------------------------------------------------------------------------------

kern_return_t swiftusb_dk_pipe_get_speed(swiftusb_dk_object *pipe, uint8_t *speed);
kern_return_t swiftusb_dk_pipe_get_device_address(swiftusb_dk_object *pipe, uint8_t *address);
kern_return_t swiftusb_dk_pipe_get_descriptors(swiftusb_dk_object *pipe, IOUSBStandardEndpointDescriptors *descriptors,
                                               uint32_t type);
kern_return_t swiftusb_dk_pipe_adjust(swiftusb_dk_object *pipe, const IOUSBStandardEndpointDescriptors *descriptors);
kern_return_t swiftusb_dk_pipe_set_idle_policy(swiftusb_dk_object *pipe, uint32_t milliseconds);
kern_return_t swiftusb_dk_pipe_get_idle_policy(swiftusb_dk_object *pipe, uint32_t *milliseconds);

/// `byte_count` may be NULL; it is written whenever the transfer ran, however it ended.
kern_return_t swiftusb_dk_pipe_io(swiftusb_dk_object *pipe, swiftusb_dk_object *data, uint32_t length,
                                  uint32_t *byte_count, uint32_t timeout);
kern_return_t swiftusb_dk_pipe_async_io(swiftusb_dk_object *pipe, swiftusb_dk_object *data, uint32_t length,
                                        swiftusb_dk_object *action, uint32_t timeout);
/// Without an action the call returns when the transfer has ended.
kern_return_t swiftusb_dk_pipe_isoch_io(swiftusb_dk_object *pipe, swiftusb_dk_object *data,
                                        swiftusb_dk_object *frame_list, uint64_t first_frame,
                                        swiftusb_dk_object *action);

kern_return_t swiftusb_dk_pipe_create_ring(swiftusb_dk_object *pipe, uint32_t size);
kern_return_t swiftusb_dk_pipe_set_memory(swiftusb_dk_object *pipe, swiftusb_dk_object *memory, uint32_t index);
kern_return_t swiftusb_dk_pipe_async_io_bundled(swiftusb_dk_object *pipe, uint32_t first, uint32_t count,
                                                uint32_t *accepted, const uint32_t *lengths, int length_count,
                                                swiftusb_dk_object *action, uint32_t timeout);

kern_return_t swiftusb_dk_pipe_abort(swiftusb_dk_object *pipe, IOOptionBits options, kern_return_t with_error,
                                     swiftusb_dk_object *client);
kern_return_t swiftusb_dk_pipe_clear_stall(swiftusb_dk_object *pipe, bool with_request);

// ---- Time ---------------------------------------------------------------------------------------------------------

/// The time of the process's bus in nanoseconds.
uint64_t swiftusb_dk_clock(void);

/// Blocks for as many nanoseconds of the bus's time.
void swiftusb_dk_sleep(uint64_t nanoseconds);

#ifdef __cplusplus
}
#endif
