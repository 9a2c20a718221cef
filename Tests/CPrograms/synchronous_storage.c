// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// A disk through WDF: commands of the bulk-only transport (Universal Serial Bus Mass Storage Class, Bulk-Only Transport
// 1.0) by synchronous writes and reads.
//
//     synchronous_storage VID:PID      writes nothing to the disk but what it has read there

#include "driver_check.h"

enum {
    command_size = 31,
    status_size = 13,
    test_unit_ready = 0x00,
    request_sense = 0x03,
    inquiry = 0x12,
    read_capacity = 0x25,
    read_10 = 0x28,
    write_10 = 0x2A,
    no_data = 0x00,
    data_in = 0x80,
    patience = 30000,
    blocks = 64
};

static void PutLittle(UCHAR *bytes, ULONG value) {
    for (int index = 0; index < 4; index++) bytes[index] = (UCHAR)(value >> 8 * index);
}

static ULONG GetBig(const UCHAR *bytes) {
    return (ULONG)bytes[0] << 24 | (ULONG)bytes[1] << 16 | (ULONG)bytes[2] << 8 | bytes[3];
}

/* A command (section 5.1), its data, and its status (section 5.2), which is returned. */
static UCHAR Command(UsbTarget *device, const UCHAR command[16], UCHAR size, UCHAR direction, void *data, ULONG length) {
    static ULONG tag = 0x5A000000;
    UCHAR wrapper[command_size] = {'U', 'S', 'B', 'C'}, bytes[1024];
    ULONG moved = 0;
    PutLittle(wrapper + 4, ++tag);
    PutLittle(wrapper + 8, length);
    wrapper[12] = direction;
    wrapper[14] = size;
    memcpy(wrapper + 15, command, 16);
    CHECK_STATUS(WriteFor(device, NULL, wrapper, sizeof wrapper, patience, &moved), STATUS_SUCCESS);
    CHECK(moved == sizeof wrapper);
    if (length > 0 && direction == data_in) {
        /* Reads are of whole packets; the device ends what is less by a packet that is not full. */
        ULONG room = (length + device->PacketSize - 1) / device->PacketSize * device->PacketSize;
        UCHAR *whole = room == length ? data : malloc(room);
        CHECK(whole != NULL);
        CHECK_STATUS(ReadFor(device, NULL, whole, room, patience, &moved), STATUS_SUCCESS);
        CHECK(moved == length);
        if (whole != data) {
            memcpy(data, whole, length);
            free(whole);
        }
    } else if (length > 0) {
        CHECK_STATUS(WriteFor(device, NULL, data, length, patience, &moved), STATUS_SUCCESS);
        CHECK(moved == length);
    }
    CHECK_STATUS(ReadFor(device, NULL, bytes, device->PacketSize, patience, &moved), STATUS_SUCCESS);
    CHECK(moved == status_size && memcmp(bytes, "USBS", 4) == 0);
    CHECK(memcmp(bytes + 4, wrapper + 4, 4) == 0);
    return bytes[12];
}

static void Identify(UsbTarget *device) {
    UCHAR command[16] = {inquiry, 0, 0, 0, 36}, answer[36];
    CHECK(Command(device, command, 6, data_in, answer, sizeof answer) == 0);
    CHECK((answer[0] & 0x1F) == 0);
    printf("disk: %.8s %.16s\n", (char *)answer + 8, (char *)answer + 16);
}

/* A disk may have something to tell first, which REQUEST SENSE asks for. */
static void WaitUntilReady(UsbTarget *device) {
    for (int attempt = 0; attempt < 10; attempt++) {
        UCHAR ready[16] = {test_unit_ready}, sense[16] = {request_sense, 0, 0, 0, 18}, answer[18];
        if (Command(device, ready, 6, no_data, NULL, 0) == 0) return;
        CHECK(Command(device, sense, 6, data_in, answer, sizeof answer) == 0);
    }
    CHECK(!"the disk is never ready");
}

static void Blocks(UsbTarget *device, UCHAR operation, ULONG first, UCHAR *bytes) {
    UCHAR command[16] = {operation, 0, (UCHAR)(first >> 24), (UCHAR)(first >> 16), (UCHAR)(first >> 8), (UCHAR)first};
    command[8] = blocks;
    CHECK(Command(device, command, 10, operation == read_10 ? data_in : no_data, bytes, blocks * 512) == 0);
}

int main(int count, char **words) {
    static UCHAR before[blocks * 512], after[blocks * 512];
    UCHAR capacity[16] = {read_capacity}, answer[8];
    UsbTarget device;
    OpenDevice(&device, count > 1 ? words[1] : NULL);
    CHECK(device.PacketSize <= 1024);
    Identify(&device);
    WaitUntilReady(&device);
    CHECK(Command(&device, capacity, 10, data_in, answer, sizeof answer) == 0);
    ULONG last = GetBig(answer);
    CHECK(last >= 2 * blocks && GetBig(answer + 4) == 512);
    /* Blocks keep what they have, written over with it. */
    for (ULONG round = 0; round < 8; round++) {
        ULONG first = (last + 1 - blocks) / 8 * round;
        Blocks(&device, read_10, first, before);
        Blocks(&device, write_10, first, before);
        Blocks(&device, read_10, first, after);
        CHECK(memcmp(before, after, sizeof before) == 0);
    }
    SwiftUsbCloseTarget(device.Device);
    printf("synchronous storage: passed, %lu blocks\n", (unsigned long)last + 1);
    return 0;
}
