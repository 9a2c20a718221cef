// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Isochronous writes to Gadget Zero through WinUSB, at named frames and as soon as possible.

#include "check.h"

#define TRANSFERS 4
#define FRAMES 4

int main(void) {
    WINUSB_INTERFACE_HANDLE h;
    WINUSB_ISOCH_BUFFER_HANDLE buffer;
    WINUSB_PIPE_INFORMATION_EX pipe;
    OVERLAPPED overlapped[TRANSFERS];
    LARGE_INTEGER time, later, frequency;
    ULONG frame, first, length, index, round;
    DWORD moved;
    UCHAR *bytes;
    HANDLE file = OpenZero();

    CHECK(WinUsb_Initialize(file, &h));
    CHECK(WinUsb_SetCurrentAlternateSetting(h, 1));
    for (index = 0;; index++) {
        CHECK(WinUsb_QueryPipeEx(h, 1, (UCHAR)index, &pipe));
        if (pipe.PipeType == UsbdPipeTypeIsochronous && USB_ENDPOINT_DIRECTION_OUT(pipe.PipeId)) break;
    }
    // Whole frames: as many intervals as a frame of eight microframes has, and one in longer ones.
    length = pipe.MaximumBytesPerInterval * (8 >> (pipe.Interval - 1)) * FRAMES;
    bytes = (UCHAR *)calloc(TRANSFERS, length);
    CHECK(bytes != NULL);
    CHECK(WinUsb_RegisterIsochBuffer(h, pipe.PipeId, bytes, TRANSFERS * length, &buffer));
    ZeroMemory(overlapped, sizeof(overlapped));
    for (index = 0; index < TRANSFERS; index++) {
        overlapped[index].hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
        CHECK(overlapped[index].hEvent != NULL);
    }

    // At named frames, each behind the one before.
    CHECK(WinUsb_GetCurrentFrameNumber(h, &frame, &time));
    frame += 5;
    for (round = 0; round < 25; round++) {
        for (index = 0; index < TRANSFERS; index++) {
            first = frame;
            if (round > 0) {
                CHECK(WinUsb_GetOverlappedResult(h, &overlapped[index], &moved, TRUE) && moved == 0);
            }
            CHECK_FAILS(WinUsb_WriteIsochPipe(buffer, index * length, length, &frame, &overlapped[index]),
                        ERROR_IO_PENDING);
            CHECK(frame == first + FRAMES);
        }
    }
    for (index = 0; index < TRANSFERS; index++) {
        CHECK(WinUsb_GetOverlappedResult(h, &overlapped[index], &moved, TRUE) && moved == 0);
    }
    // Nothing completes before its last frame has ended.
    CHECK(WinUsb_GetCurrentFrameNumber(h, &first, &later));
    CHECK((LONG)(first - frame) >= 0);
    CHECK(QueryPerformanceFrequency(&frequency));
    CHECK((later.QuadPart - time.QuadPart) * 1000 / frequency.QuadPart >= 25 * TRANSFERS * FRAMES);

    // As soon as possible: the first begins a stream, the others follow it.
    for (index = 0; index < TRANSFERS; index++) {
        CHECK_FAILS(WinUsb_WriteIsochPipeAsap(buffer, index * length, length, index > 0, &overlapped[index]),
                    ERROR_IO_PENDING);
    }
    for (index = 0; index < TRANSFERS; index++) {
        CHECK(WinUsb_GetOverlappedResult(h, &overlapped[index], &moved, TRUE));
    }
    Sleep(20);
    // The stream has run dry, which shows at the end and not at the call.
    CHECK_FAILS(WinUsb_WriteIsochPipeAsap(buffer, 0, length, TRUE, &overlapped[0]), ERROR_IO_PENDING);
    CHECK_FAILS(WinUsb_GetOverlappedResult(h, &overlapped[0], &moved, TRUE), ERROR_INVALID_PARAMETER);

    // No packets, and more than was registered.
    CHECK_FAILS(WinUsb_WriteIsochPipeAsap(buffer, 0, 0, FALSE, &overlapped[0]), ERROR_INVALID_PARAMETER);
    CHECK_FAILS(WinUsb_WriteIsochPipeAsap(buffer, length, TRANSFERS * length, FALSE, &overlapped[0]),
                ERROR_INVALID_PARAMETER);

    CHECK(WinUsb_UnregisterIsochBuffer(buffer));
    CHECK_FAILS(WinUsb_UnregisterIsochBuffer(buffer), ERROR_INVALID_HANDLE);
    for (index = 0; index < TRANSFERS; index++) CHECK(CloseHandle(overlapped[index].hEvent));
    free(bytes);
    CHECK(WinUsb_Free(h));
    CHECK(CloseHandle(file));
    printf("frames: passed\n");
    return 0;
}
