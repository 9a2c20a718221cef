// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Control and bulk transfers of Gadget Zero through WinUSB: synchronous and overlapped, with their errors.

#include "check.h"
#include <string.h>

static void Descriptors(WINUSB_INTERFACE_HANDLE h) {
    USB_DEVICE_DESCRIPTOR device;
    USB_INTERFACE_DESCRIPTOR interface;
    WINUSB_PIPE_INFORMATION pipe;
    UCHAR speed = 0;
    ULONG length = 0;
    CHECK(WinUsb_GetDescriptor(h, USB_DEVICE_DESCRIPTOR_TYPE, 0, 0, (PUCHAR)&device, sizeof(device), &length));
    CHECK(length == sizeof(device) && device.idVendor == 0x0525 && device.idProduct == 0xA4A0);
    CHECK(WinUsb_QueryInterfaceSettings(h, 0, &interface));
    CHECK(interface.bNumEndpoints == 2);
    CHECK_FAILS(WinUsb_QueryInterfaceSettings(h, 9, &interface), ERROR_NO_MORE_ITEMS);
    CHECK(WinUsb_QueryPipe(h, 0, 0, &pipe) && pipe.PipeType == UsbdPipeTypeBulk && pipe.MaximumPacketSize == 512);
    CHECK_FAILS(WinUsb_QueryPipe(h, 0, 2, &pipe), ERROR_NO_MORE_ITEMS);
    length = sizeof(speed);
    CHECK(WinUsb_QueryDeviceInformation(h, DEVICE_SPEED, &length, &speed) && speed == HighSpeed);
}

static void Control(WINUSB_INTERFACE_HANDLE h) {
    WINUSB_SETUP_PACKET setup;
    UCHAR status[2] = {0xFF, 0xFF};
    ULONG moved = 0;
    ZeroMemory(&setup, sizeof(setup));
    setup.RequestType = 0x80;
    setup.Length = sizeof(status);
    CHECK(WinUsb_ControlTransfer(h, setup, status, sizeof(status), &moved, NULL));
    CHECK(moved == 2 && status[0] == 1 && status[1] == 0);
    setup.RequestType = 0xC0;
    setup.Request = 0x77;
    CHECK_FAILS(WinUsb_ControlTransfer(h, setup, status, sizeof(status), &moved, NULL), ERROR_GEN_FAILURE);
}

static void Synchronous(WINUSB_INTERFACE_HANDLE h) {
    UCHAR bytes[4096];
    ULONG moved = 0, timeout = 50;
    memset(bytes, 0, sizeof(bytes));
    CHECK(WinUsb_WritePipe(h, 0x01, bytes, sizeof(bytes), &moved, NULL) && moved == sizeof(bytes));
    memset(bytes, 0xFF, sizeof(bytes));
    CHECK(WinUsb_ReadPipe(h, 0x81, bytes, sizeof(bytes), &moved, NULL) && moved == sizeof(bytes));
    CHECK(bytes[0] == 0 && bytes[4095] == 0);
    CHECK(WinUsb_SetPipePolicy(h, 0x81, PIPE_TRANSFER_TIMEOUT, sizeof(timeout), &timeout));
    CHECK_FAILS(WinUsb_SetPipePolicy(h, 0x81, PIPE_TRANSFER_TIMEOUT, 1, &timeout), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(WinUsb_ReadPipe(NULL, 0x81, bytes, 512, &moved, NULL), ERROR_INVALID_HANDLE);
}

/* Programs for old systems look the newer functions up. */
static void Libraries(void) {
    HMODULE library = LoadLibraryA("winusb.dll");
    CHECK(library != NULL);
    CHECK(GetProcAddress(library, "WinUsb_RegisterIsochBuffer") != NULL);
    CHECK_FAILS(GetProcAddress(library, "WinUsb_NoSuchFunction"), ERROR_PROC_NOT_FOUND);
    CHECK_FAILS(GetProcAddress(library, "printf"), ERROR_PROC_NOT_FOUND);
    CHECK(FreeLibrary(library));
}

#define DEPTH 8

static void Overlapped(WINUSB_INTERFACE_HANDLE h) {
    OVERLAPPED overlapped[DEPTH];
    HANDLE events[DEPTH];
    UCHAR bytes[DEPTH][1024];
    DWORD moved, index, round;
    ZeroMemory(overlapped, sizeof(overlapped));
    for (index = 0; index < DEPTH; index++) {
        overlapped[index].hEvent = events[index] = CreateEvent(NULL, TRUE, FALSE, NULL);
        CHECK(events[index] != NULL);
    }
    for (round = 0; round < 100; round++) {
        for (index = 0; index < DEPTH; index++) {
            CHECK_FAILS(WinUsb_ReadPipe(h, 0x81, bytes[index], 1024, NULL, &overlapped[index]), ERROR_IO_PENDING);
        }
        CHECK(WaitForMultipleObjects(DEPTH, events, TRUE, 10000) == WAIT_OBJECT_0);
        for (index = 0; index < DEPTH; index++) {
            CHECK(HasOverlappedIoCompleted(&overlapped[index]));
            CHECK(WinUsb_GetOverlappedResult(h, &overlapped[index], &moved, FALSE) && moved == 1024);
        }
    }
    for (index = 0; index < DEPTH; index++) CHECK(CloseHandle(events[index]));
}

int main(void) {
    WINUSB_INTERFACE_HANDLE h;
    HANDLE file = OpenZero();
    CHECK(CreateFileA("usb:0525:a4a0", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED,
                      NULL) == INVALID_HANDLE_VALUE);
    CHECK(GetLastError() == ERROR_ACCESS_DENIED);
    CHECK(WinUsb_Initialize(file, &h));
    Descriptors(h);
    Control(h);
    Synchronous(h);
    Overlapped(h);
    Libraries();
    CHECK(WinUsb_Free(h));
    CHECK_FAILS(WinUsb_AbortPipe(h, 0x81), ERROR_INVALID_HANDLE);
    CHECK(CloseHandle(file));
    CHECK_FAILS(CloseHandle(file), ERROR_INVALID_HANDLE);
    printf("pipes: passed\n");
    return 0;
}
