// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The transfers that the documentation of WdfUsbTargetPipeWriteSynchronously shows: memory created, filled and written,
// and the three ways to say where the memory is.

#include "driver_check.h"

NTSTATUS write_created_memory(WDFUSBPIPE pipe);
NTSTATUS write_three_ways(WDFUSBPIPE pipe, PMDL mdl);

enum { length = 64 };

// Created memory, but described by its address.
NTSTATUS write_created_memory(WDFUSBPIPE pipe) {
    WDF_MEMORY_DESCRIPTOR descriptor;
    WDFMEMORY memory;
    ULONG written = 0;
    size_t size = 0;
    NTSTATUS status = WdfMemoryCreate(WDF_NO_OBJECT_ATTRIBUTES, NonPagedPool, 0, length, &memory, NULL);
    if (!NT_SUCCESS(status)) return status;

    PVOID bytes = WdfMemoryGetBuffer(memory, &size);
    memset(bytes, 0x5A, size);
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes, length);
    status = WdfUsbTargetPipeWriteSynchronously(pipe, NULL, NULL, &descriptor, &written);
    WdfObjectDelete(memory);
    return NT_SUCCESS(status) && written != length ? STATUS_UNSUCCESSFUL : status;
}

// A buffer of the function's own, a memory object, a memory descriptor list; within a second each.
NTSTATUS write_three_ways(WDFUSBPIPE pipe, PMDL mdl) {
    WDF_MEMORY_DESCRIPTOR descriptor;
    WDF_REQUEST_SEND_OPTIONS options;
    UCHAR bytes[length];
    WDFMEMORY memory = NULL;
    NTSTATUS status;
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, 0);
    WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, WDF_REL_TIMEOUT_IN_SEC(1));

    memset(bytes, 0x5A, sizeof bytes);
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, bytes, sizeof bytes);
    status = WdfUsbTargetPipeWriteSynchronously(pipe, NULL, &options, &descriptor, NULL);
    if (!NT_SUCCESS(status)) return status;

    status = WdfMemoryCreate(NULL, NonPagedPool, 0x54534554, length, &memory, NULL);
    if (!NT_SUCCESS(status)) return status;
    memset(WdfMemoryGetBuffer(memory, NULL), 0x5A, length);
    WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&descriptor, memory, NULL);
    status = WdfUsbTargetPipeWriteSynchronously(pipe, NULL, &options, &descriptor, NULL);
    WdfObjectDelete(memory);
    if (!NT_SUCCESS(status)) return status;

    WDF_MEMORY_DESCRIPTOR_INIT_MDL(&descriptor, mdl, MmGetMdlByteCount(mdl));
    return WdfUsbTargetPipeWriteSynchronously(pipe, NULL, &options, &descriptor, NULL);
}

/* Gadget Zero sends each write back. */
int main(void) {
    UsbTarget device;
    UCHAR bytes[length], back[512];
    OpenDevice(&device, "0525:a4a0");
    SelectConfiguration(&device, 2);
    memset(bytes, 0x5A, sizeof bytes);
    PMDL mdl = IoAllocateMdl(bytes, length, FALSE, FALSE, NULL);
    CHECK(mdl != NULL);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK_STATUS(write_created_memory(device.Out), STATUS_SUCCESS);
    CHECK_STATUS(write_three_ways(device.Out, mdl), STATUS_SUCCESS);
    IoFreeMdl(mdl);
    for (int write = 0; write < 4; write++) {
        ULONG moved = 0;
        CHECK_STATUS(ReadFor(&device, NULL, back, device.PacketSize, 1000, &moved), STATUS_SUCCESS);
        CHECK(moved == length && memcmp(back, bytes, length) == 0);
    }
    SwiftUsbCloseTarget(device.Device);
    printf("the documentation's writes: passed\n");
    return 0;
}
