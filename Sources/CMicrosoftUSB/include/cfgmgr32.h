// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The configuration manager: lists of device interfaces, properties of devices, and news of arrivals and removals.

#ifndef CMICROSOFTUSB_CFGMGR32_H
#define CMICROSOFTUSB_CFGMGR32_H

#include "cfg.h"
#include "devpropdef.h"
#include "guiddef.h"
#include "winnt.h"

typedef DWORD DEVNODE, *PDEVNODE;
typedef DWORD DEVINST, *PDEVINST;
typedef CHAR *DEVNODEID_A, *DEVINSTID_A;
typedef WCHAR *DEVNODEID_W, *DEVINSTID_W;
#ifdef UNICODE
typedef DEVNODEID_W DEVNODEID;
typedef DEVINSTID_W DEVINSTID;
#else
typedef DEVNODEID_A DEVNODEID;
typedef DEVINSTID_A DEVINSTID;
#endif

#define MAX_DEVICE_ID_LEN 200
#define MAX_DEVNODE_ID_LEN MAX_DEVICE_ID_LEN

#define CM_LOCATE_DEVNODE_NORMAL 0x00000000
#define CM_LOCATE_DEVNODE_PHANTOM 0x00000001
#define CM_GET_DEVICE_INTERFACE_LIST_PRESENT 0x00000000
#define CM_GET_DEVICE_INTERFACE_LIST_ALL_DEVICES 0x00000001

// Arrivals and removals. The structures are larger than on Windows where they hold WCHARs; programs use sizeof.
DECLARE_HANDLE(HCMNOTIFICATION);
typedef HCMNOTIFICATION *PHCMNOTIFICATION;

#define CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES 0x00000001
#define CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES 0x00000002
#define CM_NOTIFY_FILTER_VALID_FLAGS 0x00000003

typedef enum _CM_NOTIFY_FILTER_TYPE {
    CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE = 0,
    CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE,
    CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE,
    CM_NOTIFY_FILTER_TYPE_MAX
} CM_NOTIFY_FILTER_TYPE, *PCM_NOTIFY_FILTER_TYPE;

typedef struct _CM_NOTIFY_FILTER {
    DWORD cbSize;
    DWORD Flags;
    CM_NOTIFY_FILTER_TYPE FilterType;
    DWORD Reserved;
    union {
        struct {
            GUID ClassGuid;
        } DeviceInterface;
        struct {
            HANDLE hTarget;
        } DeviceHandle;
        struct {
            WCHAR InstanceId[MAX_DEVICE_ID_LEN];
        } DeviceInstance;
    } u;
} CM_NOTIFY_FILTER, *PCM_NOTIFY_FILTER;

typedef enum _CM_NOTIFY_ACTION {
    CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL = 0,
    CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL,
    CM_NOTIFY_ACTION_DEVICEQUERYREMOVE,
    CM_NOTIFY_ACTION_DEVICEQUERYREMOVEFAILED,
    CM_NOTIFY_ACTION_DEVICEREMOVEPENDING,
    CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE,
    CM_NOTIFY_ACTION_DEVICECUSTOMEVENT,
    CM_NOTIFY_ACTION_DEVICEINSTANCEENUMERATED,
    CM_NOTIFY_ACTION_DEVICEINSTANCESTARTED,
    CM_NOTIFY_ACTION_DEVICEINSTANCEREMOVED,
    CM_NOTIFY_ACTION_MAX
} CM_NOTIFY_ACTION, *PCM_NOTIFY_ACTION;

typedef struct _CM_NOTIFY_EVENT_DATA {
    CM_NOTIFY_FILTER_TYPE FilterType;
    DWORD Reserved;
    union {
        struct {
            GUID ClassGuid;
            WCHAR SymbolicLink[ANYSIZE_ARRAY];
        } DeviceInterface;
        struct {
            GUID EventGuid;
            LONG NameOffset;
            DWORD DataSize;
            BYTE Data[ANYSIZE_ARRAY];
        } DeviceHandle;
        struct {
            WCHAR InstanceId[ANYSIZE_ARRAY];
        } DeviceInstance;
    } u;
} CM_NOTIFY_EVENT_DATA, *PCM_NOTIFY_EVENT_DATA;

typedef DWORD (CALLBACK *PCM_NOTIFY_CALLBACK)(
    HCMNOTIFICATION notification, PVOID context, CM_NOTIFY_ACTION action, PCM_NOTIFY_EVENT_DATA eventData,
    DWORD eventDataSize);

EXTERN_C_START

CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeA(
    PULONG length, LPGUID interfaceClassGuid, DEVINSTID_A deviceId, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeW(
    PULONG length, LPGUID interfaceClassGuid, DEVINSTID_W deviceId, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_Interface_ListA(
    LPGUID interfaceClassGuid, DEVINSTID_A deviceId, PZZSTR buffer, ULONG bufferLength, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_Interface_ListW(
    LPGUID interfaceClassGuid, DEVINSTID_W deviceId, PZZWSTR buffer, ULONG bufferLength, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_Interface_PropertyW(
    LPCWSTR deviceInterface, const DEVPROPKEY *propertyKey, DEVPROPTYPE *propertyType, PBYTE propertyBuffer,
    PULONG propertyBufferSize, ULONG flags);

CONFIGRET WINAPI CM_Locate_DevNodeA(PDEVINST device, DEVINSTID_A deviceId, ULONG flags);
CONFIGRET WINAPI CM_Locate_DevNodeW(PDEVINST device, DEVINSTID_W deviceId, ULONG flags);
CONFIGRET WINAPI CM_Get_DevNode_PropertyW(
    DEVINST device, const DEVPROPKEY *propertyKey, DEVPROPTYPE *propertyType, PBYTE propertyBuffer,
    PULONG propertyBufferSize, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_ID_Size(PULONG length, DEVINST device, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_IDA(DEVINST device, PSTR buffer, ULONG bufferLength, ULONG flags);
CONFIGRET WINAPI CM_Get_Device_IDW(DEVINST device, PWSTR buffer, ULONG bufferLength, ULONG flags);
CONFIGRET WINAPI CM_Get_Parent(PDEVINST parent, DEVINST device, ULONG flags);

CONFIGRET WINAPI CM_Register_Notification(
    PCM_NOTIFY_FILTER filter, PVOID context, PCM_NOTIFY_CALLBACK callback, PHCMNOTIFICATION notification);
CONFIGRET WINAPI CM_Unregister_Notification(HCMNOTIFICATION notification);

DWORD WINAPI CM_MapCrToWin32Err(CONFIGRET result, DWORD defaultError);

EXTERN_C_END

#define CM_Get_Device_Interface_Property CM_Get_Device_Interface_PropertyW
#define CM_Get_DevNode_Property CM_Get_DevNode_PropertyW
#ifdef UNICODE
#define CM_Get_Device_Interface_List_Size CM_Get_Device_Interface_List_SizeW
#define CM_Get_Device_Interface_List CM_Get_Device_Interface_ListW
#define CM_Locate_DevNode CM_Locate_DevNodeW
#define CM_Get_Device_ID CM_Get_Device_IDW
#else
#define CM_Get_Device_Interface_List_Size CM_Get_Device_Interface_List_SizeA
#define CM_Get_Device_Interface_List CM_Get_Device_Interface_ListA
#define CM_Locate_DevNode CM_Locate_DevNodeA
#define CM_Get_Device_ID CM_Get_Device_IDA
#endif

#endif
