// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Plays a WAV file (16-bit PCM) into a USB loudspeaker through WinUSB, as a program for Windows would:
//
//     play_wav SOUND.wav [DEVICE-PATH]
//
// It looks for a device with an isochronous OUT endpoint, turns the volume up, registers one buffer, keeps four
// transfers of ten milliseconds each under way, and tells what it did.

#include <windows.h>
#include <setupapi.h>
#include <initguid.h>
#include <winusb.h>
#include <usb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The interface class under which the loudspeaker's driver package would register it.
DEFINE_GUID(GUID_DEVINTERFACE_LOUDSPEAKER, 0x6f3a64fb, 0x91d2, 0x4c0e, 0xb8, 0x17, 0x2d, 0x51, 0x3e, 0x90, 0x7a, 0x44);

#define TRANSFERS 4
#define MILLISECONDS 10

#define AUDIO_CONTROL_HEADER 0x24
#define FEATURE_UNIT 0x06
#define SET_CUR 0x01
#define GET_MAX 0x83
#define SAMPLING_FREQUENCY 0x0100
#define VOLUME 0x0200

typedef struct _LOUDSPEAKER {
    HANDLE File;
    WINUSB_INTERFACE_HANDLE Control;
    WINUSB_INTERFACE_HANDLE Streaming;
    UCHAR AlternateSetting;
    WINUSB_PIPE_INFORMATION_EX Pipe;
} LOUDSPEAKER;

typedef struct _SOUND {
    UCHAR *Bytes;
    ULONG Length;
    ULONG Rate;
} SOUND;

static int Fail(const char *What) {
    fprintf(stderr, "play_wav: %s: error %lu\n", What, (unsigned long)GetLastError());
    return 1;
}

// Finds the chunks of a WAV file that matter.
static BOOL LoadSound(const char *Name, SOUND *Sound) {
    UCHAR header[12], chunk[8];
    FILE *file = fopen(Name, "rb");
    if (file == NULL) return FALSE;
    ZeroMemory(Sound, sizeof(*Sound));
    if (fread(header, 1, sizeof(header), file) == sizeof(header) && memcmp(header, "RIFF", 4) == 0) {
        while (Sound->Bytes == NULL && fread(chunk, 1, sizeof(chunk), file) == sizeof(chunk)) {
            ULONG length = chunk[4] | chunk[5] << 8 | chunk[6] << 16 | (ULONG)chunk[7] << 24;
            UCHAR format[16];
            if (memcmp(chunk, "fmt ", 4) == 0 && length >= sizeof(format)) {
                if (fread(format, 1, sizeof(format), file) != sizeof(format)) break;
                Sound->Rate = format[4] | format[5] << 8 | format[6] << 16;
                length -= sizeof(format);
            } else if (memcmp(chunk, "data", 4) == 0) {
                Sound->Bytes = malloc(length + 1);
                if (Sound->Bytes != NULL) Sound->Length = (ULONG)fread(Sound->Bytes, 1, length, file);
                break;
            }
            fseek(file, (long)(length + (length & 1)), SEEK_CUR);
        }
    }
    fclose(file);
    return Sound->Bytes != NULL && Sound->Rate != 0;
}

// Looks through the settings of an interface for an isochronous OUT endpoint.
static BOOL FindPipe(WINUSB_INTERFACE_HANDLE Interface, UCHAR *Setting, WINUSB_PIPE_INFORMATION_EX *Pipe) {
    USB_INTERFACE_DESCRIPTOR descriptor;
    UCHAR setting, index;
    for (setting = 0; WinUsb_QueryInterfaceSettings(Interface, setting, &descriptor); setting++) {
        for (index = 0; WinUsb_QueryPipeEx(Interface, setting, index, Pipe); index++) {
            if (Pipe->PipeType == UsbdPipeTypeIsochronous && USB_ENDPOINT_DIRECTION_OUT(Pipe->PipeId)) {
                *Setting = setting;
                return TRUE;
            }
        }
    }
    return FALSE;
}

// Opens a device, and the interface of it that has the pipe.
static BOOL OpenPath(LPCSTR Path, LOUDSPEAKER *Speaker) {
    UCHAR associated;
    ZeroMemory(Speaker, sizeof(*Speaker));
    Speaker->File = CreateFileA(Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
    if (Speaker->File == INVALID_HANDLE_VALUE) return FALSE;
    if (WinUsb_Initialize(Speaker->File, &Speaker->Control)) {
        for (associated = 0; WinUsb_GetAssociatedInterface(Speaker->Control, associated, &Speaker->Streaming);
             associated++) {
            if (FindPipe(Speaker->Streaming, &Speaker->AlternateSetting, &Speaker->Pipe)) return TRUE;
            WinUsb_Free(Speaker->Streaming);
        }
        WinUsb_Free(Speaker->Control);
    }
    CloseHandle(Speaker->File);
    SetLastError(ERROR_FILE_NOT_FOUND);
    return FALSE;
}

// Opens the first loudspeaker that device discovery finds.
static BOOL OpenFirst(LOUDSPEAKER *Speaker) {
    BOOL opened = FALSE;
    DWORD index;
    SP_DEVICE_INTERFACE_DATA interfaceData;
    HDEVINFO devices = SetupDiGetClassDevsA(&GUID_DEVINTERFACE_LOUDSPEAKER, NULL, NULL,
                                            DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    if (devices == INVALID_HANDLE_VALUE) return FALSE;
    interfaceData.cbSize = sizeof(interfaceData);
    for (index = 0; !opened && SetupDiEnumDeviceInterfaces(devices, NULL, &GUID_DEVINTERFACE_LOUDSPEAKER, index,
                                                           &interfaceData);
         index++) {
        DWORD length = 0;
        PSP_DEVICE_INTERFACE_DETAIL_DATA_A detail;
        SetupDiGetDeviceInterfaceDetailA(devices, &interfaceData, NULL, 0, &length, NULL);
        if (GetLastError() != ERROR_INSUFFICIENT_BUFFER) break;
        detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA_A)malloc(length);
        if (detail == NULL) break;
        detail->cbSize = sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A);
        if (SetupDiGetDeviceInterfaceDetailA(devices, &interfaceData, detail, length, NULL, NULL)) {
            opened = OpenPath(detail->DevicePath, Speaker);
            if (opened) printf("playing to %s\n", detail->DevicePath);
        }
        free(detail);
    }
    SetupDiDestroyDeviceInfoList(devices);
    if (!opened) SetLastError(ERROR_FILE_NOT_FOUND);
    return opened;
}

static BOOL Request(LOUDSPEAKER *Speaker, UCHAR Type, UCHAR Code, USHORT Value, USHORT Index, UCHAR *Data,
                    USHORT Length) {
    ULONG moved = 0;
    WINUSB_SETUP_PACKET setup;
    setup.RequestType = Type;
    setup.Request = Code;
    setup.Value = Value;
    setup.Index = Index;
    setup.Length = Length;
    return WinUsb_ControlTransfer(Speaker->Control, setup, Data, Length, &moved, NULL) && moved == Length;
}

// Turns the volume of every feature unit as high as it goes. A unit has the volume of all channels together, of each
// channel, or none: what is refused is left alone.
static void TurnUp(LOUDSPEAKER *Speaker) {
    UCHAR configuration[1024], level[2], *at;
    ULONG length = 0;
    UCHAR channel;
    if (!WinUsb_GetDescriptor(Speaker->Control, USB_CONFIGURATION_DESCRIPTOR_TYPE, 0, 0, configuration,
                              sizeof(configuration), &length)) {
        return;
    }
    for (at = configuration; at + 4 <= configuration + length && at[0] >= 2; at += at[0]) {
        if (at[1] != AUDIO_CONTROL_HEADER || at[2] != FEATURE_UNIT) continue;
        for (channel = 0; channel <= 2; channel++) {
            USHORT index = (USHORT)(at[3] << 8);
            if (Request(Speaker, 0xA1, GET_MAX, VOLUME | channel, index, level, 2)) {
                Request(Speaker, 0x21, SET_CUR, VOLUME | channel, index, level, 2);
            }
        }
    }
}

// Copies the next part of the sound, and silence behind its end.
static void Fill(UCHAR *Part, ULONG Length, SOUND *Sound, ULONG *Position) {
    ULONG count = min(Length, Sound->Length - *Position);
    CopyMemory(Part, Sound->Bytes + *Position, count);
    ZeroMemory(Part + count, Length - count);
    *Position += count;
}

// Keeps the pipe busy until the sound has been played. Parts of the buffer are filled, submitted and completed in turn.
static int Play(LOUDSPEAKER *Speaker, SOUND *Sound) {
    ULONG part = Speaker->Pipe.MaximumBytesPerInterval * MILLISECONDS;
    ULONG position = 0, filled = 0, submitted = 0, completed = 0, gaps = 0, index;
    BOOL continues = FALSE;
    WINUSB_ISOCH_BUFFER_HANDLE buffer;
    OVERLAPPED overlapped[TRANSFERS];
    UCHAR *bytes = (UCHAR *)calloc(TRANSFERS, part);
    int result = 0;

    if (bytes == NULL) return Fail("no memory");
    if (!WinUsb_RegisterIsochBuffer(Speaker->Streaming, Speaker->Pipe.PipeId, bytes, TRANSFERS * part, &buffer)) {
        free(bytes);
        return Fail("WinUsb_RegisterIsochBuffer");
    }
    ZeroMemory(overlapped, sizeof(overlapped));
    for (index = 0; index < TRANSFERS; index++) overlapped[index].hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);

    while (result == 0 && (position < Sound->Length || completed < filled)) {
        DWORD moved;
        if (position < Sound->Length && filled - completed < TRANSFERS) {
            Fill(bytes + filled % TRANSFERS * part, part, Sound, &position);
            filled++;
        } else if (submitted < filled) {
            index = submitted % TRANSFERS;
            // The first begins the stream, the others follow without a gap.
            if (!WinUsb_WriteIsochPipeAsap(buffer, index * part, part, continues, &overlapped[index]) &&
                GetLastError() != ERROR_IO_PENDING) {
                result = Fail("WinUsb_WriteIsochPipeAsap");
            }
            continues = TRUE;
            submitted++;
        } else if (WinUsb_GetOverlappedResult(Speaker->Streaming, &overlapped[completed % TRANSFERS], &moved, TRUE)) {
            completed++;
        } else if (GetLastError() == ERROR_INVALID_PARAMETER) {
            // This program was late, and the stream has run dry. What was to follow has not been sent either: all of it
            // goes out again, as a new stream.
            for (index = completed + 1; index < submitted; index++) {
                WinUsb_GetOverlappedResult(Speaker->Streaming, &overlapped[index % TRANSFERS], &moved, TRUE);
            }
            submitted = completed;
            continues = FALSE;
            gaps++;
        } else {
            result = Fail("WinUsb_GetOverlappedResult");
        }
    }

    WinUsb_AbortPipe(Speaker->Streaming, Speaker->Pipe.PipeId);
    WinUsb_UnregisterIsochBuffer(buffer);
    for (index = 0; index < TRANSFERS; index++) CloseHandle(overlapped[index].hEvent);
    free(bytes);
    if (result == 0) {
        printf("%lu bytes in %lu transfers of %u ms, %lu gaps\n", (unsigned long)position, (unsigned long)completed,
               MILLISECONDS, (unsigned long)gaps);
    }
    return result;
}

int main(int argc, char *argv[]) {
    LOUDSPEAKER speaker;
    SOUND sound;
    UCHAR rate[3];
    int result;

    if (argc < 2) {
        fprintf(stderr, "usage: play_wav SOUND.wav [DEVICE-PATH]\n");
        return 64;
    }
    if (!LoadSound(argv[1], &sound)) {
        fprintf(stderr, "play_wav: %s is no WAV file\n", argv[1]);
        return 1;
    }
    if (!(argc > 2 ? OpenPath(argv[2], &speaker) : OpenFirst(&speaker))) return Fail("no loudspeaker");

    TurnUp(&speaker);
    if (!WinUsb_SetCurrentAlternateSetting(speaker.Streaming, speaker.AlternateSetting)) {
        result = Fail("WinUsb_SetCurrentAlternateSetting");
    } else {
        // A loudspeaker that knows one rate only refuses this.
        rate[0] = (UCHAR)sound.Rate;
        rate[1] = (UCHAR)(sound.Rate >> 8);
        rate[2] = (UCHAR)(sound.Rate >> 16);
        Request(&speaker, 0x22, SET_CUR, SAMPLING_FREQUENCY, speaker.Pipe.PipeId, rate, 3);
        result = Play(&speaker, &sound);
        WinUsb_SetCurrentAlternateSetting(speaker.Streaming, 0);
    }
    WinUsb_Free(speaker.Streaming);
    WinUsb_Free(speaker.Control);
    CloseHandle(speaker.File);
    free(sound.Bytes);
    return result;
}
