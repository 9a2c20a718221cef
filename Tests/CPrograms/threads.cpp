// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// C++ with the standard library beside the headers: many threads on one handle, and one that aborts the others.

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"

namespace {

struct Reader {
    WINUSB_INTERFACE_HANDLE handle;
    HANDLE started;
    DWORD error;
};

DWORD WINAPI Read(LPVOID context) {
    Reader *reader = static_cast<Reader *>(context);
    std::vector<UCHAR> bytes(512);
    ULONG moved = 0;
    SetEvent(reader->started);
    // The loopback has nothing to give.
    reader->error = WinUsb_ReadPipe(reader->handle, 0x83, bytes.data(), 64, &moved, NULL) ? ERROR_SUCCESS
                                                                                          : GetLastError();
    return 0;
}

DWORD WINAPI Write(LPVOID context) {
    std::vector<UCHAR> bytes(2048, 0);
    ULONG moved = 0;
    for (int round = 0; round < 50; ++round) {
        CHECK(WinUsb_WritePipe(context, 0x01, bytes.data(), static_cast<ULONG>(bytes.size()), &moved, NULL));
        CHECK(moved == bytes.size());
    }
    return 7;
}

}  // namespace

int main() {
    HANDLE file = OpenZero();
    WINUSB_INTERFACE_HANDLE h;
    CHECK(WinUsb_Initialize(file, &h));

    std::vector<HANDLE> threads;
    for (int index = 0; index < 6; ++index) threads.push_back(CreateThread(NULL, 0, Write, h, 0, NULL));
    CHECK(std::all_of(threads.begin(), threads.end(), [](HANDLE thread) { return thread != NULL; }));
    CHECK(WaitForMultipleObjects(static_cast<DWORD>(threads.size()), threads.data(), TRUE, INFINITE) == WAIT_OBJECT_0);
    for (HANDLE thread : threads) {
        DWORD code = 0;
        CHECK(GetExitCodeThread(thread, &code) && code == 7);
        CHECK(CloseHandle(thread));
    }

    // An interrupt endpoint without data, and an abort from another thread.
    CHECK(WinUsb_SetCurrentAlternateSetting(h, 2));
    Reader reader = {h, CreateEvent(NULL, TRUE, FALSE, NULL), 0};
    ULONG timeout = 200;
    CHECK(WinUsb_SetPipePolicy(h, 0x83, PIPE_TRANSFER_TIMEOUT, sizeof(timeout), &timeout));
    HANDLE thread = CreateThread(NULL, 0, Read, &reader, 0, NULL);
    CHECK(WaitForSingleObject(reader.started, INFINITE) == WAIT_OBJECT_0);
    CHECK(WinUsb_AbortPipe(h, 0x83));
    CHECK(WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    // The abort may have come before the read, which then ran into its timeout, or found data.
    CHECK(reader.error == ERROR_OPERATION_ABORTED || reader.error == ERROR_SEM_TIMEOUT ||
          reader.error == ERROR_SUCCESS);
    CHECK(CloseHandle(thread) && CloseHandle(reader.started));
    CHECK(WinUsb_Free(h) && CloseHandle(file));
    std::string text = "threads: passed";
    std::puts(text.c_str());
    return 0;
}
