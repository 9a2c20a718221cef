// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// How a driver's code gets a device here, and how requests reach its queues. These functions are this library's own.
//
// A program that tries a driver's transfers opens a device, lets the driver's functions set up their contexts, queues
// and pipes, and then presents reads, writes and control codes to the queues:
//
//     WDFDEVICE device;
//     SwiftUsbOpenTarget("0525:a4a0", &device, NULL);
//     MyEvtDevicePrepareHardware(device, NULL, NULL);   // the driver's: WdfUsbTargetDeviceCreateWithParameters, ...
//     CreateMyQueues(device);                           // the driver's: WdfIoQueueCreate
//     SwiftUsbPresentWrite(device, NULL, bytes, length, &written);
//     SwiftUsbCloseTarget(device);
//
// Which bus is meant says the environment variable USB_HOST, as everywhere in the library. All of these are called at
// PASSIVE_LEVEL, by any thread.

#ifndef SWIFTUSB_DRIVER_H
#define SWIFTUSB_DRIVER_H

#include "wdf.h"
#include "wdfusb.h"

EXTERN_C_START

// ---- Devices ------------------------------------------------------------------------------------------------------

// Opens a device and makes its framework device object, as though a driver had just been loaded for it.
//
// DeviceName is "VID:PID" or "VID:PID:SERIAL", the numbers in hexadecimal, or NULL for the first device of the bus.
// With a UsbDevice, the USB target is made as well, as WdfUsbTargetDeviceCreateWithParameters with
// USBD_CLIENT_CONTRACT_VERSION_602 makes it; with NULL that is left to the driver. To select a configuration is the
// driver's to do in either case, by WdfUsbTargetDeviceSelectConfig.
//
// STATUS_NO_SUCH_DEVICE: there is no such device, or no bus. STATUS_ACCESS_DENIED: the program may not open it, or
// another has it. STATUS_INVALID_PARAMETER: no Device, or a name of another form.
NTSTATUS SwiftUsbOpenTarget(const char *DeviceName, WDFDEVICE *Device, WDFUSBDEVICE *UsbDevice);

// Cancels what is pending, waits for the completions, deletes the object with all its children and closes the device.
void SwiftUsbCloseTarget(WDFDEVICE Device);

// What WdfDeviceInitSetRequestAttributes would set: attributes, above all the context, of requests presented from now
// on. NULL: none. The structure is copied.
NTSTATUS SwiftUsbSetRequestAttributes(WDFDEVICE Device, PWDF_OBJECT_ATTRIBUTES RequestAttributes);

// Makes a file object, which is what WdfRequestGetFileObject returns for requests that are presented with it.
// Attributes may be NULL; so may Name, UTF-8, which becomes the name that WdfFileObjectGetFileName returns.
// WdfObjectDelete ends it.
NTSTATUS SwiftUsbCreateFile(
    WDFDEVICE Device, PWDF_OBJECT_ATTRIBUTES Attributes, const char *Name, WDFFILEOBJECT *FileObject);

// ---- Requests for the driver --------------------------------------------------------------------------------------

// A request, before it is presented. Input is what the driver reads (of a write, or a control code's input), Output
// what it fills. The memory is the program's and stays in use until the request completes.
typedef struct SwiftUsbRequest {
    WDF_REQUEST_TYPE Type;  // Read, Write, DeviceControl, DeviceControlInternal
    ULONG IoControlCode;
    const void *Input;
    size_t InputLength;
    void *Output;
    size_t OutputLength;
    LONGLONG DeviceOffset;  // of a read or write
    WDFFILEOBJECT FileObject;  // NULL for none
} SwiftUsbRequest;

// Called once, with what the driver completed the request with; on the thread that did, at that thread's level.
typedef void SwiftUsbRequestCompleted(void *Context, NTSTATUS Status, size_t Information);

// Presents a request to the queue that takes its type: that of WdfDeviceConfigureRequestDispatching, or the default
// one. Returns STATUS_PENDING, and Completed is called, perhaps before that; or why the request was refused, and it is
// not. A read or write of no bytes is completed here, with STATUS_SUCCESS, unless the queue takes those.
//
// STATUS_INVALID_DEVICE_REQUEST: no queue takes this type, or the queue has no callback for it.
// STATUS_INVALID_DEVICE_STATE: the queue takes nothing now. STATUS_INVALID_PARAMETER: another type, a length without
// memory. STATUS_INSUFFICIENT_RESOURCES. *Token, unless the pointer is NULL, names the request to
// SwiftUsbCancelRequest.
NTSTATUS SwiftUsbPresent(
    WDFDEVICE Device, const SwiftUsbRequest *Request, SwiftUsbRequestCompleted *Completed, void *Context,
    ULONGLONG *Token);

// As though the program that made the request had cancelled it: what waits in a queue is completed with
// STATUS_CANCELLED, and of what the driver has made cancelable its callback is called. FALSE: there is no such request
// any more.
BOOLEAN SwiftUsbCancelRequest(ULONGLONG Token);

// The same with waiting for the completion, whose status they return; *Information, unless the pointer is NULL,
// receives its count of bytes. FileObject may be NULL.
NTSTATUS SwiftUsbPresentRead(
    WDFDEVICE Device, WDFFILEOBJECT FileObject, void *Buffer, size_t Length, size_t *Information);
NTSTATUS SwiftUsbPresentWrite(
    WDFDEVICE Device, WDFFILEOBJECT FileObject, const void *Buffer, size_t Length, size_t *Information);
NTSTATUS SwiftUsbPresentControl(
    WDFDEVICE Device, WDFFILEOBJECT FileObject, ULONG IoControlCode, const void *Input, size_t InputLength,
    void *Output, size_t OutputLength, size_t *Information);

// ---- Settings of the process --------------------------------------------------------------------------------------

// Where the documentation of the framework and its source disagree: which is followed. The source, at first.
typedef enum SwiftUsbWdfProfile { SwiftUsbWdfFramework = 0, SwiftUsbWdfDocumented = 1 } SwiftUsbWdfProfile;
void SwiftUsbSetWdfProfile(SwiftUsbWdfProfile Profile);
SwiftUsbWdfProfile SwiftUsbGetWdfProfile(void);

// Whether the framework's verifier is on: it checks levels and formats that are otherwise taken on trust. Off, at
// first.
void SwiftUsbSetWdfVerifier(BOOLEAN On);

// How many IO_STACK_LOCATIONs requests have that are presented from now on, besides the driver's own: what sending one
// on uses up. 0: it cannot be sent on, STATUS_REQUEST_NOT_ACCEPTED. Negative: enough, as at first.
void SwiftUsbSetRequestStackLocations(int Count);

// A bug check: the code and its four parameters, the function that found it, and what was wrong, in words.
typedef struct SwiftUsbBugCheck {
    ULONG Code;
    ULONG_PTR Parameters[4];
    const char *Function;
    const char *Reason;
} SwiftUsbBugCheck;

// Called instead of ending the process; the structure and its texts are the callee's for the time of the call. When it
// returns, so does the function that found the fault, without having done anything: an NTSTATUS is then
// STATUS_UNSUCCESSFUL, a BOOLEAN FALSE, a pointer or handle NULL, a number 0. It is to return: leaving by longjmp or by
// an exception is not defined. NULL: none, as at first; the diagnosis is printed and the process ended by abort().
typedef void SwiftUsbBugCheckHandler(const SwiftUsbBugCheck *BugCheck, void *Context);
void SwiftUsbSetBugCheckHandler(SwiftUsbBugCheckHandler *Handler, void *Context);

EXTERN_C_END

#endif
