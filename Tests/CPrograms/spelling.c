// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Spellings that programs use, with standard headers before, between and after, and the words that Windows's compiler
// adds. It compiles, and that is the test.

#define WIN32_LEAN_AND_MEAN
#include <stdio.h>

#include <Windows.h>
#include <time.h>
#include <TCHAR.H>
#include <StrSafe.h>
#include <INITGUID.H>
#include <WinUSB.h>
#include <WinUsbIo.h>
#include <Usb100.h>
#include <Usb200.h>
#include <Usbdi.h>
#include <UsbSpec.h>
#include <SetupAPI.h>
#include <Cfgmgr32.h>
#include <DevPKey.h>
#include <UsbIoDef.h>
#include <Winioctl.h>
#include <conio.h>
#include <process.h>
#include <io.h>
#include <pshpack1.h>
#include <poppack.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

DEFINE_GUID(GUID_OF_A_PROGRAM, 0x01234567, 0x89AB, 0xCDEF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF);

typedef BOOL(WINAPI *Registration)(WINUSB_INTERFACE_HANDLE, UCHAR, PUCHAR, ULONG, PWINUSB_ISOCH_BUFFER_HANDLE);

#pragma pack(push, 1)
typedef struct _RECORD {
    unsigned __int64 Time;
    __int32 Value;
} RECORD, *PRECORD;
#pragma pack(pop)
C_ASSERT(sizeof(RECORD) == 12);

static __forceinline DWORD Larger(IN DWORD Left, IN DWORD Right) { return max(Left, Right); }

__declspec(noinline) static VOID __cdecl Annotated(
    _In_reads_bytes_(Length) const VOID *Buffer, _In_ ULONG Length, _Out_opt_ PULONG Written,
    OUT LPDWORD Reason OPTIONAL) {
    UNREFERENCED_PARAMETER(Buffer);
    if (Written) *Written = Length;
    if (Reason) *Reason = ERROR_SUCCESS;
}

static HRESULT OpenDevice(__in LPCTSTR Path, __out PHANDLE Device, __inout_opt PULONG Attempts) {
    UNREFERENCED_PARAMETER(Attempts);
    *Device = CreateFile(
        Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
        FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
    return *Device == INVALID_HANDLE_VALUE ? HRESULT_FROM_WIN32(GetLastError()) : S_OK;
}

static DWORD WINAPI Reader(LPVOID Parameter) {
    WINUSB_INTERFACE_HANDLE handle = (WINUSB_INTERFACE_HANDLE)Parameter;
    UCHAR buffer[512];
    ULONG length = 0;
    OVERLAPPED overlapped = {0};
    overlapped.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (!WinUsb_ReadPipe(handle, 0x81, buffer, sizeof(buffer), NULL, &overlapped) && GetLastError() == ERROR_IO_PENDING)
        WinUsb_GetOverlappedResult(handle, &overlapped, &length, TRUE);
    return length;
}

unsigned __stdcall start_all(void *parameter);

unsigned __stdcall start_all(void *parameter) {
    HANDLE device, thread;
    DWORD id, length = Larger(1, 2);
    LARGE_INTEGER now;
    TCHAR text[MAX_PATH];
    Registration registration =
        (Registration)(void (*)(void))GetProcAddress(GetModuleHandle(TEXT("winusb")), "WinUsb_RegisterIsochBuffer");
    Annotated(text, length, &length, &id);
    if (FAILED(OpenDevice(_T("usb:1234:5678"), &device, NULL)) || !registration) return ERROR_FILE_NOT_FOUND;
    StringCchPrintf(text, ARRAYSIZE(text), TEXT("%d"), (int)QueryPerformanceCounter(&now));
    _tprintf(_T("%u\n"), (unsigned)_tcslen(text));
    thread = CreateThread(NULL, 0, Reader, parameter, 0, &id);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    return IsEqualGUID(&GUID_OF_A_PROGRAM, &GUID_DEVINTERFACE_USB_DEVICE) ? ERROR_GEN_FAILURE : ERROR_SUCCESS;
}
