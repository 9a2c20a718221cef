// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What the programs of this folder that are drivers have in common: a check that names itself when it fails, the device,
// its pipes and its configurations, and synchronous transfers from plain memory.

#ifndef DRIVER_CHECK_H
#define DRIVER_CHECK_H

#include <ntddk.h>
#include <wdf.h>
#include <usbdlib.h>
#include <wdfusb.h>
#include <swiftusb/driver.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* A call that ends with this status. */
#define CHECK_STATUS(call, status) CheckStatus(call, status, __FILE__, __LINE__, #call)

static inline void CheckStatus(NTSTATUS found, NTSTATUS expected, const char *file, int line, const char *call) {
    if (found == expected) return;
    fprintf(stderr, "%s:%d: %s is 0x%08X, not 0x%08X\n", file, line, call, (unsigned)found, (unsigned)expected);
    exit(1);
}

typedef struct UsbTarget {
    WDFDEVICE Device;
    WDFUSBDEVICE Target;
    WDFUSBINTERFACE Interface;
    WDFUSBPIPE In;
    WDFUSBPIPE Out;
    ULONG PacketSize;
} UsbTarget;

/* The first bulk pipe of each direction. */
static inline void FindPipes(UsbTarget *device) {
    device->In = device->Out = NULL;
    for (UCHAR index = 0; index < WdfUsbInterfaceGetNumConfiguredPipes(device->Interface); index++) {
        WDF_USB_PIPE_INFORMATION information;
        WDF_USB_PIPE_INFORMATION_INIT(&information);
        WDFUSBPIPE pipe = WdfUsbInterfaceGetConfiguredPipe(device->Interface, index, &information);
        CHECK(pipe != NULL);
        if (information.PipeType != WdfUsbPipeTypeBulk) continue;
        WDFUSBPIPE *place = WDF_USB_PIPE_DIRECTION_IN(information.EndpointAddress) ? &device->In : &device->Out;
        if (*place == NULL) *place = pipe;
        device->PacketSize = information.MaximumPacketSize;
    }
    CHECK(device->In != NULL && device->Out != NULL);
    CHECK(WdfUsbTargetPipeIsInEndpoint(device->In) && WdfUsbTargetPipeIsOutEndpoint(device->Out));
}

/* Opens a device, and selects its first configuration. */
static inline void OpenDevice(UsbTarget *device, const char *name) {
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS configuration;
    CHECK_STATUS(SwiftUsbOpenTarget(name, &device->Device, &device->Target), STATUS_SUCCESS);
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(&configuration);
    CHECK_STATUS(
        WdfUsbTargetDeviceSelectConfig(device->Target, WDF_NO_OBJECT_ATTRIBUTES, &configuration), STATUS_SUCCESS);
    device->Interface = configuration.Types.SingleInterface.ConfiguredUsbInterface;
    FindPipes(device);
}

/* Selects the configuration with this number, whichever place it has among the device's. */
static inline void SelectConfiguration(UsbTarget *device, UCHAR number) {
    UCHAR bytes[512];
    PUSB_CONFIGURATION_DESCRIPTOR configuration = (PUSB_CONFIGURATION_DESCRIPTOR)(void *)bytes;
    for (USHORT index = 0;; index++) {
        WDF_USB_CONTROL_SETUP_PACKET setup;
        WDF_MEMORY_DESCRIPTOR memory;
        ULONG moved = 0;
        WDF_USB_CONTROL_SETUP_PACKET_INIT(
            &setup, BmRequestDeviceToHost, BmRequestToDevice, USB_REQUEST_GET_DESCRIPTOR,
            (USHORT)(USB_CONFIGURATION_DESCRIPTOR_TYPE << 8 | index), 0);
        WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&memory, bytes, sizeof bytes);
        CHECK_STATUS(
            WdfUsbTargetDeviceSendControlTransferSynchronously(device->Target, NULL, NULL, &setup, &memory, &moved),
            STATUS_SUCCESS);
        CHECK(moved >= sizeof *configuration && configuration->wTotalLength == moved);
        if (configuration->bConfigurationValue == number) break;
    }
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS params;
    PUSB_INTERFACE_DESCRIPTOR interface =
        USBD_ParseConfigurationDescriptorEx(configuration, configuration, 0, 0, -1, -1, -1);
    CHECK(interface != NULL);
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_INTERFACES_DESCRIPTORS(&params, configuration, &interface, 1);
    CHECK_STATUS(WdfUsbTargetDeviceSelectConfig(device->Target, WDF_NO_OBJECT_ATTRIBUTES, &params), STATUS_SUCCESS);
    device->Interface = WdfUsbTargetDeviceGetInterface(device->Target, 0);
    FindPipes(device);
}

/* Transfers with a timeout in milliseconds, or 0 for none. The request may be NULL. */
static inline NTSTATUS WriteFor(
    UsbTarget *device, WDFREQUEST request, void *bytes, ULONG length, ULONG milliseconds, ULONG *moved) {
    WDF_REQUEST_SEND_OPTIONS options;
    WDF_MEMORY_DESCRIPTOR memory;
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, 0);
    if (milliseconds) WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_MS(milliseconds));
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&memory, bytes, length);
    return WdfUsbTargetPipeWriteSynchronously(device->Out, request, &options, &memory, moved);
}

static inline NTSTATUS ReadFor(
    UsbTarget *device, WDFREQUEST request, void *bytes, ULONG length, ULONG milliseconds, ULONG *moved) {
    WDF_REQUEST_SEND_OPTIONS options;
    WDF_MEMORY_DESCRIPTOR memory;
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, 0);
    if (milliseconds) WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_MS(milliseconds));
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&memory, bytes, length);
    return WdfUsbTargetPipeReadSynchronously(device->In, request, &options, &memory, moved);
}

#endif
