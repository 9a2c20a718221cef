// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Synchronous transfers of Gadget Zero through WDF: many sizes and each kind of memory, into its sink and through its
// loopback; timeouts and cancels that leave the pipe usable and tell what moved; with an argument, a device that leaves.
//
//     synchronous_writes [COMMAND]      COMMAND pulls the plug, while a read waits

#include "driver_check.h"
#include <pthread.h>

enum { largest = 1 << 20, source_and_sink = 3, loopback = 2, patience = 30000 };

static const ULONG sizes[] = {0, 1, 511, 512, 513, 4096, 4097, 65536, largest};
enum { size_count = sizeof sizes / sizeof sizes[0] };

static UCHAR *Allocate(void) {
    UCHAR *bytes = malloc(largest + 1024);
    CHECK(bytes != NULL);
    return bytes;
}

/* Bytes that differ from place to place, and from number to number. */
static void Fill(UCHAR *bytes, ULONG length, ULONG number) {
    ULONG state = number * 2654435761U + 1;
    for (ULONG index = 0; index < length; index++) {
        state = state * 1664525U + 1013904223U;
        bytes[index] = (UCHAR)(state >> 24);
    }
}

/* ---- The sink ---- */

/* What the source sends in a packet, the sink wants in each. */
static void LearnPattern(UsbTarget *device, UCHAR *bytes) {
    ULONG moved = 0;
    CHECK_STATUS(ReadFor(device, NULL, bytes, device->PacketSize, patience, &moved), STATUS_SUCCESS);
    CHECK(moved == device->PacketSize);
    for (ULONG index = device->PacketSize; index < largest; index++) bytes[index] = bytes[index - device->PacketSize];
}

/* All the ways to say where the bytes are. */
static void WriteEachWay(UsbTarget *device, UCHAR *bytes, ULONG length) {
    WDF_MEMORY_DESCRIPTOR memory;
    WDFMEMORY object;
    WDFMEMORY_OFFSET offset;
    ULONG moved = ~0U;
    CHECK_STATUS(WriteFor(device, NULL, bytes, length, patience, &moved), STATUS_SUCCESS);
    CHECK(moved == length);
    if (length == 0) {
        moved = ~0U;
        CHECK_STATUS(WdfUsbTargetPipeWriteSynchronously(device->Out, NULL, NULL, NULL, &moved), STATUS_SUCCESS);
        CHECK(moved == 0);
        return;
    }

    PMDL mdl = IoAllocateMdl(bytes, length, FALSE, FALSE, NULL);
    CHECK(mdl != NULL);
    MmBuildMdlForNonPagedPool(mdl);
    WDF_MEMORY_DESCRIPTOR_INIT_MDL(&memory, mdl, length);
    CHECK_STATUS(WdfUsbTargetPipeWriteSynchronously(device->Out, NULL, NULL, &memory, &moved), STATUS_SUCCESS);
    CHECK(moved == length);
    IoFreeMdl(mdl);

    PVOID place;
    CHECK_STATUS(WdfMemoryCreate(NULL, NonPagedPool, 0, (size_t)length + 100, &object, &place), STATUS_SUCCESS);
    memset(place, 0xEE, (size_t)length + 100);
    CHECK_STATUS(WdfMemoryCopyFromBuffer(object, 60, bytes, length), STATUS_SUCCESS);
    offset.BufferOffset = 60;
    offset.BufferLength = length;
    WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(&memory, object, &offset);
    CHECK_STATUS(WdfUsbTargetPipeWriteSynchronously(device->Out, NULL, NULL, &memory, &moved), STATUS_SUCCESS);
    CHECK(moved == length);
    offset.BufferLength = (size_t)length + 41;
    CHECK_STATUS(
        WdfUsbTargetPipeWriteSynchronously(device->Out, NULL, NULL, &memory, &moved), STATUS_INTEGER_OVERFLOW);
    CHECK(moved == 0);
    WdfObjectDelete(object);
}

/* What is refused is refused before anything moves. */
static void Refusals(UsbTarget *device, UCHAR *bytes) {
    WDF_MEMORY_DESCRIPTOR memory;
    WDF_REQUEST_SEND_OPTIONS options;
    ULONG moved = 1;
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&memory, bytes, device->PacketSize);
    CHECK_STATUS(
        WdfUsbTargetPipeWriteSynchronously(device->In, NULL, NULL, &memory, &moved), STATUS_INVALID_DEVICE_REQUEST);
    CHECK(moved == 0);
    CHECK_STATUS(
        WdfUsbTargetPipeReadSynchronously(device->Out, NULL, NULL, &memory, &moved), STATUS_INVALID_DEVICE_REQUEST);
    CHECK_STATUS(
        ReadFor(device, NULL, bytes, device->PacketSize - 1, patience, &moved), STATUS_INVALID_BUFFER_SIZE);
    memory.u.BufferType.Buffer = NULL;
    CHECK_STATUS(
        WdfUsbTargetPipeWriteSynchronously(device->Out, NULL, NULL, &memory, &moved), STATUS_INVALID_PARAMETER);
    WDF_REQUEST_SEND_OPTIONS_INIT(&options, 0);
    options.Size--;
    CHECK_STATUS(
        WdfUsbTargetPipeWriteSynchronously(device->Out, NULL, &options, NULL, &moved), STATUS_INFO_LENGTH_MISMATCH);
}

static void Sink(UsbTarget *device, UCHAR *bytes) {
    LearnPattern(device, bytes);
    for (int index = 0; index < size_count; index++) WriteEachWay(device, bytes, sizes[index]);
    Refusals(device, bytes);
    CHECK_STATUS(WriteFor(device, NULL, bytes, device->PacketSize, patience, NULL), STATUS_SUCCESS);
}

/* ---- The loopback ---- */

typedef struct Writing {
    UsbTarget *Target;
    UCHAR *Bytes;
    ULONG Length;
    NTSTATUS Status;
    ULONG Moved;
} Writing;

/* Writes, and ends what is written by a packet that is not full. Without a timeout: on a clock that does not wait for a
   thread that it has not seen yet, the other side's would be over before this one has begun. */
static void *WriteAndEnd(void *context) {
    Writing *writing = context;
    writing->Status = WriteFor(writing->Target, NULL, writing->Bytes, writing->Length, 0, &writing->Moved);
    if (NT_SUCCESS(writing->Status) && writing->Length > 0 && writing->Length % writing->Target->PacketSize == 0) {
        writing->Status = WriteFor(writing->Target, NULL, writing->Bytes, 0, 0, NULL);
    }
    return NULL;
}

static void Back(UsbTarget *device, UCHAR *sent, UCHAR *received) {
    for (int index = 0; index < size_count; index++) {
        Writing writing = {device, sent, sizes[index], STATUS_PENDING, 0};
        ULONG room = (sizes[index] / device->PacketSize + 1) * device->PacketSize, moved = 0;
        pthread_t thread;
        Fill(sent, sizes[index], (ULONG)index);
        CHECK(pthread_create(&thread, NULL, WriteAndEnd, &writing) == 0);
        CHECK_STATUS(ReadFor(device, NULL, received, room, 0, &moved), STATUS_SUCCESS);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK_STATUS(writing.Status, STATUS_SUCCESS);
        CHECK(writing.Moved == sizes[index] && moved == sizes[index]);
        CHECK(memcmp(sent, received, moved) == 0);
    }
}

/* Reads what a write left in the device before it was ended: so much and no more. The device may keep the last of it until
   there is more, or an end. */
static void ReadLeft(UsbTarget *device, UCHAR *sent, UCHAR *received, ULONG left) {
    Writing end = {device, sent, 0, STATUS_PENDING, 0};
    ULONG moved = 0;
    pthread_t thread;
    CHECK(left < largest && left % device->PacketSize == 0);
    CHECK(pthread_create(&thread, NULL, WriteAndEnd, &end) == 0);
    CHECK_STATUS(ReadFor(device, NULL, received, left + device->PacketSize, 0, &moved), STATUS_SUCCESS);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_STATUS(end.Status, STATUS_SUCCESS);
    CHECK(moved == left && memcmp(sent, received, left) == 0);
    CHECK_STATUS(ReadFor(device, NULL, received, device->PacketSize, 50, &moved), STATUS_IO_TIMEOUT);
    CHECK(moved == 0);
}

static void Timeouts(UsbTarget *device, UCHAR *sent, UCHAR *received) {
    /* Which the device keeps until it is read, and sends back as soon as it has it. */
    ULONG moved = 1, some = 8 * device->PacketSize;
    /* Nothing there. */
    CHECK_STATUS(ReadFor(device, NULL, received, some, 50, &moved), STATUS_IO_TIMEOUT);
    CHECK(moved == 0);
    /* Less than was asked for. */
    Fill(sent, largest, 100);
    CHECK_STATUS(WriteFor(device, NULL, sent, some, patience, &moved), STATUS_SUCCESS);
    CHECK_STATUS(ReadFor(device, NULL, received, 2 * some, 200, &moved), STATUS_IO_TIMEOUT);
    CHECK(moved == some && memcmp(sent, received, some) == 0);
    /* More than the device takes while nobody reads. */
    CHECK_STATUS(WriteFor(device, NULL, sent, largest, 1000, &moved), STATUS_IO_TIMEOUT);
    CHECK(moved > 0);
    ReadLeft(device, sent, received, moved);
    Back(device, sent, received);
}

typedef struct Canceller {
    WDFREQUEST Request;
    KEVENT Ended;
} Canceller;

/* Cancels as soon as there is something to cancel, but not before other threads have come to wait. */
static void *Cancel(void *context) {
    Canceller *canceller = context;
    LARGE_INTEGER pause;
    pause.QuadPart = WDF_REL_TIMEOUT_IN_MS(20);
    while (KeWaitForSingleObject(&canceller->Ended, Executive, KernelMode, FALSE, &pause) == STATUS_TIMEOUT) {
        if (WdfRequestCancelSentRequest(canceller->Request)) break;
    }
    return NULL;
}

static void Cancels(UsbTarget *device, UCHAR *sent, UCHAR *received) {
    WDF_REQUEST_REUSE_PARAMS reuse;
    Canceller canceller;
    CHECK_STATUS(
        WdfRequestCreate(NULL, WdfUsbTargetPipeGetIoTarget(device->Out), &canceller.Request), STATUS_SUCCESS);
    WDF_REQUEST_REUSE_PARAMS_INIT(&reuse, WDF_REQUEST_REUSE_NO_FLAGS, STATUS_SUCCESS);
    for (ULONG round = 0; round < 20; round++) {
        ULONG moved = 1;
        pthread_t thread;
        BOOLEAN writes = round % 2 == 1;
        KeInitializeEvent(&canceller.Ended, NotificationEvent, FALSE);
        Fill(sent, largest, 200 + round);
        CHECK(pthread_create(&thread, NULL, Cancel, &canceller) == 0);
        NTSTATUS status = writes ? WriteFor(device, canceller.Request, sent, largest, 0, &moved)
                                 : ReadFor(device, canceller.Request, received, 4096, 0, &moved);
        KeSetEvent(&canceller.Ended, IO_NO_INCREMENT, FALSE);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK_STATUS(status, STATUS_CANCELLED);
        CHECK_STATUS(WdfRequestGetStatus(canceller.Request), STATUS_CANCELLED);
        CHECK_STATUS(WdfRequestReuse(canceller.Request, &reuse), STATUS_SUCCESS);
        if (writes) ReadLeft(device, sent, received, moved);
        else CHECK(moved == 0);
    }
    WdfObjectDelete(canceller.Request);
    Back(device, sent, received);
}

/* ---- A device that leaves ---- */

static void *Pull(void *context) {
    LARGE_INTEGER pause;
    pause.QuadPart = WDF_REL_TIMEOUT_IN_MS(100);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    CHECK(system(context) == 0);
    return NULL;
}

/* The call that waits ends with the device, and so do all that follow. A controller may fail what is under way before it
   tells that the device has gone. */
static void Unplug(UsbTarget *device, UCHAR *received, char *command) {
    ULONG moved = 1;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, Pull, command) == 0);
    NTSTATUS status = ReadFor(device, NULL, received, 4096, 0, &moved);
    printf("unplugged: the read that waited ended with 0x%08X\n", (unsigned)status);
    CHECK(!NT_SUCCESS(status) && moved == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    do {
        status = WriteFor(device, NULL, received, 512, patience, &moved);
        CHECK(!NT_SUCCESS(status) && status != STATUS_IO_TIMEOUT && moved == 0);
    } while (WdfUsbTargetDeviceIsConnectedSynchronous(device->Target) == STATUS_SUCCESS);
    CHECK_STATUS(WdfUsbTargetDeviceIsConnectedSynchronous(device->Target), STATUS_DEVICE_DOES_NOT_EXIST);
    CHECK_STATUS(WriteFor(device, NULL, received, 512, patience, &moved), STATUS_DEVICE_NOT_CONNECTED);
}

int main(int count, char **words) {
    UsbTarget device;
    UCHAR *sent = Allocate(), *received = Allocate();
    OpenDevice(&device, "0525:a4a0");
    Sink(&device, sent);
    SelectConfiguration(&device, loopback);
    Back(&device, sent, received);
    Timeouts(&device, sent, received);
    Cancels(&device, sent, received);
    if (count > 1) {
        Unplug(&device, received, words[1]);
    } else {
        SelectConfiguration(&device, source_and_sink);
        Sink(&device, sent);
    }
    SwiftUsbCloseTarget(device.Device);
    free(sent);
    free(received);
    printf("synchronous writes: passed\n");
    return 0;
}
