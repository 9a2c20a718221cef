// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Finding devices by their interface class, and what is known of them.

#ifndef CMICROSOFTUSB_SETUPAPI_H
#define CMICROSOFTUSB_SETUPAPI_H

#include "devpropdef.h"
#include "handleapi.h"
#include "winerror.h"
#include "winnt.h"

typedef PVOID HDEVINFO;

#define DIGCF_DEFAULT 0x00000001
#define DIGCF_PRESENT 0x00000002
#define DIGCF_ALLCLASSES 0x00000004
#define DIGCF_PROFILE 0x00000008
#define DIGCF_DEVICEINTERFACE 0x00000010
#define DIGCF_INTERFACEDEVICE DIGCF_DEVICEINTERFACE

#define SPINT_ACTIVE 0x00000001
#define SPINT_DEFAULT 0x00000002
#define SPINT_REMOVED 0x00000004

#define SPDRP_DEVICEDESC 0x00000000
#define SPDRP_HARDWAREID 0x00000001
#define SPDRP_COMPATIBLEIDS 0x00000002
#define SPDRP_SERVICE 0x00000004
#define SPDRP_CLASS 0x00000007
#define SPDRP_CLASSGUID 0x00000008
#define SPDRP_DRIVER 0x00000009
#define SPDRP_MFG 0x0000000B
#define SPDRP_FRIENDLYNAME 0x0000000C
#define SPDRP_LOCATION_INFORMATION 0x0000000D
#define SPDRP_PHYSICAL_DEVICE_OBJECT_NAME 0x0000000E
#define SPDRP_BUSNUMBER 0x00000015
#define SPDRP_ENUMERATOR_NAME 0x00000016
#define SPDRP_ADDRESS 0x0000001C
#define SPDRP_LOCATION_PATHS 0x00000023

// The kinds of data that a registry property may have.
#define REG_NONE 0U
#define REG_SZ 1U
#define REG_EXPAND_SZ 2U
#define REG_BINARY 3U
#define REG_DWORD 4U
#define REG_MULTI_SZ 7U

#define ERROR_NO_SUCH_DEVINST 0xE000020B
#define ERROR_INVALID_CLASS 0xE0000206
#define ERROR_NO_SUCH_DEVICE_INTERFACE 0xE0000225
#define ERROR_INVALID_REG_PROPERTY 0xE0000209

typedef struct _SP_DEVINFO_DATA {
    DWORD cbSize;
    GUID ClassGuid;
    DWORD DevInst;
    ULONG_PTR Reserved;
} SP_DEVINFO_DATA, *PSP_DEVINFO_DATA;

typedef struct _SP_DEVICE_INTERFACE_DATA {
    DWORD cbSize;
    GUID InterfaceClassGuid;
    DWORD Flags;
    ULONG_PTR Reserved;
} SP_DEVICE_INTERFACE_DATA, *PSP_DEVICE_INTERFACE_DATA;

// cbSize is 8 for both, as on 64-bit Windows; the path continues behind the structure's end.
typedef struct _SP_DEVICE_INTERFACE_DETAIL_DATA_A {
    DWORD cbSize;
    CHAR DevicePath[ANYSIZE_ARRAY];
} SP_DEVICE_INTERFACE_DETAIL_DATA_A, *PSP_DEVICE_INTERFACE_DETAIL_DATA_A;

typedef struct _SP_DEVICE_INTERFACE_DETAIL_DATA_W {
    DWORD cbSize;
    WCHAR DevicePath[ANYSIZE_ARRAY];
} SP_DEVICE_INTERFACE_DETAIL_DATA_W, *PSP_DEVICE_INTERFACE_DETAIL_DATA_W;

EXTERN_C_START

HDEVINFO WINAPI SetupDiGetClassDevsA(const GUID *classGuid, PCSTR enumerator, HWND parent, DWORD flags);
HDEVINFO WINAPI SetupDiGetClassDevsW(const GUID *classGuid, PCWSTR enumerator, HWND parent, DWORD flags);
BOOL WINAPI SetupDiDestroyDeviceInfoList(HDEVINFO deviceInfoSet);
BOOL WINAPI SetupDiEnumDeviceInfo(HDEVINFO deviceInfoSet, DWORD memberIndex, PSP_DEVINFO_DATA deviceInfoData);
BOOL WINAPI SetupDiEnumDeviceInterfaces(
    HDEVINFO deviceInfoSet, PSP_DEVINFO_DATA deviceInfoData, const GUID *interfaceClassGuid, DWORD memberIndex,
    PSP_DEVICE_INTERFACE_DATA deviceInterfaceData);
BOOL WINAPI SetupDiGetDeviceInterfaceDetailA(
    HDEVINFO deviceInfoSet, PSP_DEVICE_INTERFACE_DATA deviceInterfaceData,
    PSP_DEVICE_INTERFACE_DETAIL_DATA_A deviceInterfaceDetailData, DWORD deviceInterfaceDetailDataSize,
    PDWORD requiredSize, PSP_DEVINFO_DATA deviceInfoData);
BOOL WINAPI SetupDiGetDeviceInterfaceDetailW(
    HDEVINFO deviceInfoSet, PSP_DEVICE_INTERFACE_DATA deviceInterfaceData,
    PSP_DEVICE_INTERFACE_DETAIL_DATA_W deviceInterfaceDetailData, DWORD deviceInterfaceDetailDataSize,
    PDWORD requiredSize, PSP_DEVINFO_DATA deviceInfoData);
BOOL WINAPI SetupDiGetDeviceRegistryPropertyA(
    HDEVINFO deviceInfoSet, PSP_DEVINFO_DATA deviceInfoData, DWORD property, PDWORD propertyRegDataType,
    PBYTE propertyBuffer, DWORD propertyBufferSize, PDWORD requiredSize);
BOOL WINAPI SetupDiGetDeviceRegistryPropertyW(
    HDEVINFO deviceInfoSet, PSP_DEVINFO_DATA deviceInfoData, DWORD property, PDWORD propertyRegDataType,
    PBYTE propertyBuffer, DWORD propertyBufferSize, PDWORD requiredSize);
BOOL WINAPI SetupDiGetDeviceInstanceIdA(
    HDEVINFO deviceInfoSet, PSP_DEVINFO_DATA deviceInfoData, PSTR deviceInstanceId, DWORD deviceInstanceIdSize,
    PDWORD requiredSize);
BOOL WINAPI SetupDiGetDeviceInstanceIdW(
    HDEVINFO deviceInfoSet, PSP_DEVINFO_DATA deviceInfoData, PWSTR deviceInstanceId, DWORD deviceInstanceIdSize,
    PDWORD requiredSize);
BOOL WINAPI SetupDiGetDevicePropertyW(
    HDEVINFO deviceInfoSet, PSP_DEVINFO_DATA deviceInfoData, const DEVPROPKEY *propertyKey, DEVPROPTYPE *propertyType,
    PBYTE propertyBuffer, DWORD propertyBufferSize, PDWORD requiredSize, DWORD flags);

EXTERN_C_END

#ifdef UNICODE
#define SetupDiGetClassDevs SetupDiGetClassDevsW
#define SetupDiGetDeviceInterfaceDetail SetupDiGetDeviceInterfaceDetailW
#define SetupDiGetDeviceRegistryProperty SetupDiGetDeviceRegistryPropertyW
#define SetupDiGetDeviceInstanceId SetupDiGetDeviceInstanceIdW
#define SetupDiGetDeviceProperty SetupDiGetDevicePropertyW
typedef SP_DEVICE_INTERFACE_DETAIL_DATA_W SP_DEVICE_INTERFACE_DETAIL_DATA, *PSP_DEVICE_INTERFACE_DETAIL_DATA;
#else
#define SetupDiGetClassDevs SetupDiGetClassDevsA
#define SetupDiGetDeviceInterfaceDetail SetupDiGetDeviceInterfaceDetailA
#define SetupDiGetDeviceRegistryProperty SetupDiGetDeviceRegistryPropertyA
#define SetupDiGetDeviceInstanceId SetupDiGetDeviceInstanceIdA
typedef SP_DEVICE_INTERFACE_DETAIL_DATA_A SP_DEVICE_INTERFACE_DETAIL_DATA, *PSP_DEVICE_INTERFACE_DETAIL_DATA;
#endif

// The names of Windows 95, which samples of that time use.
#define SP_INTERFACE_DEVICE_DATA SP_DEVICE_INTERFACE_DATA
#define PSP_INTERFACE_DEVICE_DATA PSP_DEVICE_INTERFACE_DATA
#define SP_INTERFACE_DEVICE_DETAIL_DATA SP_DEVICE_INTERFACE_DETAIL_DATA
#define PSP_INTERFACE_DEVICE_DETAIL_DATA PSP_DEVICE_INTERFACE_DETAIL_DATA
#define SP_INTERFACE_DEVICE_DETAIL_DATA_A SP_DEVICE_INTERFACE_DETAIL_DATA_A
#define PSP_INTERFACE_DEVICE_DETAIL_DATA_A PSP_DEVICE_INTERFACE_DETAIL_DATA_A
#define SP_INTERFACE_DEVICE_DETAIL_DATA_W SP_DEVICE_INTERFACE_DETAIL_DATA_W
#define PSP_INTERFACE_DEVICE_DETAIL_DATA_W PSP_DEVICE_INTERFACE_DETAIL_DATA_W
#define SetupDiEnumInterfaceDevice SetupDiEnumDeviceInterfaces
#define SetupDiGetInterfaceDeviceDetail SetupDiGetDeviceInterfaceDetail

#endif
