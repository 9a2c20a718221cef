// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The transfers of a driver for the Windows Driver Framework, tried without a kernel:
//
//     USB_HOST=virtual:zero loopback_driver
//
// The first part is the driver: it prepares the device, and forwards each read and write that a queue presents to it to a
// pipe, without copying a byte. The second is the program that tries it, by the functions of swiftusb/driver.h. The device
// is Gadget Zero in its loopback configuration: what is written to it can be read again.

#include <ntddk.h>
#include <wdf.h>
#include <usbdlib.h>
#include <wdfusb.h>
#include <swiftusb/driver.h>
#include <stdio.h>
#include <string.h>

// ---- The driver ---------------------------------------------------------------------------------------------------

#define LOOPBACK_CONFIGURATION 2
#define LOOPBACK_POOL_TAG 0x6C6F6F50

// Tells how many bytes went out and came in: a LOOPBACK_COUNTS.
#define IOCTL_LOOPBACK_GET_COUNTS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_READ_ACCESS)

typedef struct _LOOPBACK_COUNTS {
    LONGLONG BytesWritten;
    LONGLONG BytesRead;
} LOOPBACK_COUNTS, *PLOOPBACK_COUNTS;

typedef struct _DEVICE_CONTEXT {
    WDFUSBDEVICE UsbDevice;
    WDFUSBPIPE InPipe;
    WDFUSBPIPE OutPipe;
    WDFSPINLOCK CountsLock;
    LOOPBACK_COUNTS Counts;
} DEVICE_CONTEXT, *PDEVICE_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(DEVICE_CONTEXT, GetDeviceContext)

EVT_WDF_DEVICE_PREPARE_HARDWARE LoopbackEvtPrepareHardware;
EVT_WDF_IO_QUEUE_IO_READ LoopbackEvtIoRead;
EVT_WDF_IO_QUEUE_IO_WRITE LoopbackEvtIoWrite;
EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL LoopbackEvtIoDeviceControl;
EVT_WDF_IO_QUEUE_IO_STOP LoopbackEvtIoStop;
EVT_WDF_REQUEST_COMPLETION_ROUTINE LoopbackEvtReadComplete;
EVT_WDF_REQUEST_COMPLETION_ROUTINE LoopbackEvtWriteComplete;

// Reads the configuration descriptor at Index, whole, into pool memory.
static NTSTATUS ReadConfiguration(WDFUSBDEVICE UsbDevice, UCHAR Index, PUSB_CONFIGURATION_DESCRIPTOR *Configuration) {
    USB_CONFIGURATION_DESCRIPTOR head;
    WDF_USB_CONTROL_SETUP_PACKET setup;
    WDF_MEMORY_DESCRIPTOR memory;
    ULONG transferred;
    NTSTATUS status;

    WDF_USB_CONTROL_SETUP_PACKET_INIT(
        &setup, BmRequestDeviceToHost, BmRequestToDevice, USB_REQUEST_GET_DESCRIPTOR,
        (USHORT)(USB_CONFIGURATION_DESCRIPTOR_TYPE << 8 | Index), 0);
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&memory, &head, sizeof(head));
    status = WdfUsbTargetDeviceSendControlTransferSynchronously(UsbDevice, NULL, NULL, &setup, &memory, &transferred);
    if (!NT_SUCCESS(status)) return status;
    if (transferred != sizeof(head) || head.wTotalLength < sizeof(head)) return STATUS_DEVICE_DATA_ERROR;

    *Configuration = ExAllocatePoolWithTag(NonPagedPoolNx, head.wTotalLength, LOOPBACK_POOL_TAG);
    if (*Configuration == NULL) return STATUS_INSUFFICIENT_RESOURCES;
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&memory, *Configuration, head.wTotalLength);
    status = WdfUsbTargetDeviceSendControlTransferSynchronously(UsbDevice, NULL, NULL, &setup, &memory, &transferred);
    if (NT_SUCCESS(status) && transferred != head.wTotalLength) status = STATUS_DEVICE_DATA_ERROR;
    if (!NT_SUCCESS(status)) ExFreePoolWithTag(*Configuration, LOOPBACK_POOL_TAG);
    return status;
}

// Selects the loopback configuration, which need not be the device's first.
static NTSTATUS SelectLoopback(WDFUSBDEVICE UsbDevice) {
    USB_DEVICE_DESCRIPTOR device;
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS params;

    WdfUsbTargetDeviceGetDeviceDescriptor(UsbDevice, &device);
    for (UCHAR index = 0; index < device.bNumConfigurations; index++) {
        PUSB_CONFIGURATION_DESCRIPTOR configuration;
        PUSB_INTERFACE_DESCRIPTOR interfaces[1];
        NTSTATUS status = ReadConfiguration(UsbDevice, index, &configuration);
        if (!NT_SUCCESS(status)) return status;
        if (configuration->bConfigurationValue != LOOPBACK_CONFIGURATION) {
            ExFreePoolWithTag(configuration, LOOPBACK_POOL_TAG);
            continue;
        }
        interfaces[0] = USBD_ParseConfigurationDescriptorEx(configuration, configuration, 0, 0, -1, -1, -1);
        WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_INTERFACES_DESCRIPTORS(&params, configuration, interfaces, 1);
        status = interfaces[0] == NULL
                     ? STATUS_DEVICE_DATA_ERROR
                     : WdfUsbTargetDeviceSelectConfig(UsbDevice, WDF_NO_OBJECT_ATTRIBUTES, &params);
        ExFreePoolWithTag(configuration, LOOPBACK_POOL_TAG);
        return status;
    }
    return STATUS_NO_SUCH_DEVICE;
}

NTSTATUS LoopbackEvtPrepareHardware(WDFDEVICE Device, WDFCMRESLIST Raw, WDFCMRESLIST Translated) {
    PDEVICE_CONTEXT context = GetDeviceContext(Device);
    WDF_USB_DEVICE_CREATE_CONFIG config;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFUSBINTERFACE usbInterface;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(Raw);
    UNREFERENCED_PARAMETER(Translated);

    WDF_USB_DEVICE_CREATE_CONFIG_INIT(&config, USBD_CLIENT_CONTRACT_VERSION_602);
    status =
        WdfUsbTargetDeviceCreateWithParameters(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, &context->UsbDevice);
    if (!NT_SUCCESS(status)) return status;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = Device;
    status = WdfSpinLockCreate(&attributes, &context->CountsLock);
    if (!NT_SUCCESS(status)) return status;
    status = SelectLoopback(context->UsbDevice);
    if (!NT_SUCCESS(status)) return status;

    usbInterface = WdfUsbTargetDeviceGetInterface(context->UsbDevice, 0);
    for (UCHAR index = 0; index < WdfUsbInterfaceGetNumConfiguredPipes(usbInterface); index++) {
        WDF_USB_PIPE_INFORMATION information;
        WDF_USB_PIPE_INFORMATION_INIT(&information);
        WDFUSBPIPE pipe = WdfUsbInterfaceGetConfiguredPipe(usbInterface, index, &information);
        if (information.PipeType != WdfUsbPipeTypeBulk) continue;
        if (WdfUsbTargetPipeIsInEndpoint(pipe)) context->InPipe = pipe;
        else context->OutPipe = pipe;
    }
    return context->InPipe != NULL && context->OutPipe != NULL ? STATUS_SUCCESS : STATUS_DEVICE_DATA_ERROR;
}

// Gives the device its context, and a queue for all kinds of requests. Of a driver that is loaded it is EvtDeviceAdd that
// does this.
static NTSTATUS LoopbackDeviceAdd(WDFDEVICE Device) {
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_IO_QUEUE_CONFIG config;
    PDEVICE_CONTEXT context;
    NTSTATUS status;

    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, DEVICE_CONTEXT);
    status = WdfObjectAllocateContext(Device, &attributes, &context);
    if (!NT_SUCCESS(status)) return status;

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, WdfIoQueueDispatchParallel);
    config.EvtIoRead = LoopbackEvtIoRead;
    config.EvtIoWrite = LoopbackEvtIoWrite;
    config.EvtIoDeviceControl = LoopbackEvtIoDeviceControl;
    config.EvtIoStop = LoopbackEvtIoStop;
    return WdfIoQueueCreate(Device, &config, WDF_NO_OBJECT_ATTRIBUTES, WDF_NO_HANDLE);
}

// Sends a formatted request to the pipe, or completes it with the reason why that cannot be.
static VOID ForwardRequest(
    WDFREQUEST Request, WDFUSBPIPE Pipe, PFN_WDF_REQUEST_COMPLETION_ROUTINE Completed, PDEVICE_CONTEXT Context) {
    WdfRequestSetCompletionRoutine(Request, Completed, Context);
    if (!WdfRequestSend(Request, WdfUsbTargetPipeGetIoTarget(Pipe), WDF_NO_SEND_OPTIONS)) {
        WdfRequestComplete(Request, WdfRequestGetStatus(Request));
    }
}

VOID LoopbackEvtIoRead(WDFQUEUE Queue, WDFREQUEST Request, size_t Length) {
    PDEVICE_CONTEXT context = GetDeviceContext(WdfIoQueueGetDevice(Queue));
    WDFMEMORY memory;
    UNREFERENCED_PARAMETER(Length);

    NTSTATUS status = WdfRequestRetrieveOutputMemory(Request, &memory);
    if (NT_SUCCESS(status)) {
        status = WdfUsbTargetPipeFormatRequestForRead(context->InPipe, Request, memory, NULL);
    }
    if (NT_SUCCESS(status)) ForwardRequest(Request, context->InPipe, LoopbackEvtReadComplete, context);
    else WdfRequestComplete(Request, status);
}

VOID LoopbackEvtIoWrite(WDFQUEUE Queue, WDFREQUEST Request, size_t Length) {
    PDEVICE_CONTEXT context = GetDeviceContext(WdfIoQueueGetDevice(Queue));
    WDFMEMORY memory;
    UNREFERENCED_PARAMETER(Length);

    NTSTATUS status = WdfRequestRetrieveInputMemory(Request, &memory);
    if (NT_SUCCESS(status)) {
        status = WdfUsbTargetPipeFormatRequestForWrite(context->OutPipe, Request, memory, NULL);
    }
    if (NT_SUCCESS(status)) ForwardRequest(Request, context->OutPipe, LoopbackEvtWriteComplete, context);
    else WdfRequestComplete(Request, status);
}

VOID LoopbackEvtReadComplete(
    WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context) {
    PDEVICE_CONTEXT context = Context;
    size_t length = Params->Parameters.Usb.Completion->Parameters.PipeRead.Length;
    UNREFERENCED_PARAMETER(Target);

    WdfSpinLockAcquire(context->CountsLock);
    context->Counts.BytesRead += (LONGLONG)length;
    WdfSpinLockRelease(context->CountsLock);
    WdfRequestCompleteWithInformation(Request, Params->IoStatus.Status, length);
}

VOID LoopbackEvtWriteComplete(
    WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params, WDFCONTEXT Context) {
    PDEVICE_CONTEXT context = Context;
    size_t length = Params->Parameters.Usb.Completion->Parameters.PipeWrite.Length;
    UNREFERENCED_PARAMETER(Target);

    WdfSpinLockAcquire(context->CountsLock);
    context->Counts.BytesWritten += (LONGLONG)length;
    WdfSpinLockRelease(context->CountsLock);
    WdfRequestCompleteWithInformation(Request, Params->IoStatus.Status, length);
}

VOID LoopbackEvtIoDeviceControl(
    WDFQUEUE Queue, WDFREQUEST Request, size_t OutputLength, size_t InputLength, ULONG Code) {
    PDEVICE_CONTEXT context = GetDeviceContext(WdfIoQueueGetDevice(Queue));
    PLOOPBACK_COUNTS counts;
    UNREFERENCED_PARAMETER(OutputLength);
    UNREFERENCED_PARAMETER(InputLength);

    if (Code != IOCTL_LOOPBACK_GET_COUNTS) {
        WdfRequestComplete(Request, STATUS_INVALID_DEVICE_REQUEST);
        return;
    }
    NTSTATUS status = WdfRequestRetrieveOutputBuffer(Request, sizeof(*counts), &counts, NULL);
    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(Request, status);
        return;
    }
    WdfSpinLockAcquire(context->CountsLock);
    *counts = context->Counts;
    WdfSpinLockRelease(context->CountsLock);
    WdfRequestCompleteWithInformation(Request, STATUS_SUCCESS, sizeof(*counts));
}

// The queue is to give its requests up: what has been sent is cancelled, and completes by its completion routine.
VOID LoopbackEvtIoStop(WDFQUEUE Queue, WDFREQUEST Request, ULONG ActionFlags) {
    UNREFERENCED_PARAMETER(Queue);
    if (ActionFlags & WdfRequestStopActionPurge) WdfRequestCancelSentRequest(Request);
    else WdfRequestStopAcknowledge(Request, FALSE);
}

// ---- The program that tries it ------------------------------------------------------------------------------------

#define LARGEST 10240

static int Fail(const char *What, NTSTATUS Status) {
    fprintf(stderr, "loopback_driver: %s: status 0x%08X\n", What, (unsigned)Status);
    return 1;
}

typedef struct _ENDING {
    KEVENT Event;
    NTSTATUS Status;
    size_t Information;
} ENDING, *PENDING;

static void Ended(void *Context, NTSTATUS Status, size_t Information) {
    PENDING ending = Context;
    ending->Status = Status;
    ending->Information = Information;
    KeSetEvent(&ending->Event, IO_NO_INCREMENT, FALSE);
}

// A read that nothing ends but the one who asked for it.
static NTSTATUS CancelRead(WDFDEVICE Device) {
    static UCHAR bytes[512];
    SwiftUsbRequest request = {.Type = WdfRequestTypeRead, .Output = bytes, .OutputLength = sizeof(bytes)};
    ENDING ending;
    ULONGLONG token;
    KeInitializeEvent(&ending.Event, NotificationEvent, FALSE);
    NTSTATUS status = SwiftUsbPresent(Device, &request, Ended, &ending, &token);
    if (status != STATUS_PENDING) return status;
    if (!SwiftUsbCancelRequest(token)) return STATUS_UNSUCCESSFUL;
    KeWaitForSingleObject(&ending.Event, Executive, KernelMode, FALSE, NULL);
    return ending.Status;
}

int main(void) {
    static const size_t lengths[] = {1, 511, 513, 4096, 10000};
    static UCHAR sent[LARGEST], received[LARGEST];
    LOOPBACK_COUNTS counts = {0, 0};
    WDFDEVICE device;
    size_t moved = 0, total = 0;

    NTSTATUS status = SwiftUsbOpenTarget("0525:a4a0", &device, NULL);
    if (!NT_SUCCESS(status)) return Fail("no device", status);
    status = LoopbackDeviceAdd(device);
    if (NT_SUCCESS(status)) status = LoopbackEvtPrepareHardware(device, NULL, NULL);
    if (!NT_SUCCESS(status)) return Fail("the driver does not start", status);

    for (size_t index = 0; index < sizeof(lengths) / sizeof(lengths[0]); index++) {
        size_t length = lengths[index];
        for (size_t place = 0; place < length; place++) sent[place] = (UCHAR)(place * 7 + place / 256 + index);
        status = SwiftUsbPresentWrite(device, NULL, sent, length, &moved);
        if (!NT_SUCCESS(status) || moved != length) return Fail("write", status);
        memset(received, 0, sizeof(received));
        // Reads are of whole packets.
        status = SwiftUsbPresentRead(device, NULL, received, (length + 511) / 512 * 512, &moved);
        if (!NT_SUCCESS(status) || moved != length) return Fail("read", status);
        if (memcmp(sent, received, length) != 0) return Fail("what came back is something else", STATUS_SUCCESS);
        total += length;
    }

    status = SwiftUsbPresentRead(device, NULL, received, 100, &moved);
    if (status != STATUS_INVALID_BUFFER_SIZE) return Fail("a read of less than a packet", status);
    status = CancelRead(device);
    if (status != STATUS_CANCELLED) return Fail("a read that is cancelled", status);

    status = SwiftUsbPresentControl(
        device, NULL, IOCTL_LOOPBACK_GET_COUNTS, NULL, 0, &counts, sizeof(counts), &moved);
    if (!NT_SUCCESS(status) || moved != sizeof(counts)) return Fail("control", status);
    SwiftUsbCloseTarget(device);
    printf("%lld bytes written, %lld read\n", (long long)counts.BytesWritten, (long long)counts.BytesRead);
    return counts.BytesWritten != (LONGLONG)total || counts.BytesRead != (LONGLONG)total;
}
