// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// USB devices, interfaces and pipes as I/O targets.

#ifndef CMICROSOFTUSB_WDFUSB_H
#define CMICROSOFTUSB_WDFUSB_H

#include "usb.h"
#include "usbdlib.h"
#include "wdf.h"

// ---- Kinds --------------------------------------------------------------------------------------------------------

typedef enum _WDF_USB_REQUEST_TYPE {
    WdfUsbRequestTypeInvalid = 0,
    WdfUsbRequestTypeNoFormat,
    WdfUsbRequestTypeDeviceString,
    WdfUsbRequestTypeDeviceControlTransfer,
    WdfUsbRequestTypeDeviceUrb,
    WdfUsbRequestTypePipeWrite,
    WdfUsbRequestTypePipeRead,
    WdfUsbRequestTypePipeAbort,
    WdfUsbRequestTypePipeReset,
    WdfUsbRequestTypePipeUrb
} WDF_USB_REQUEST_TYPE, *PWDF_USB_REQUEST_TYPE;

typedef enum _WDF_USB_BMREQUEST_DIRECTION {
    BmRequestHostToDevice = 0,
    BmRequestDeviceToHost = 1
} WDF_USB_BMREQUEST_DIRECTION;

typedef enum _WDF_USB_BMREQUEST_TYPE {
    BmRequestStandard = 0,
    BmRequestClass = 1,
    BmRequestVendor = 2
} WDF_USB_BMREQUEST_TYPE;

typedef enum _WDF_USB_BMREQUEST_RECIPIENT {
    BmRequestToDevice = 0,
    BmRequestToInterface = 1,
    BmRequestToEndpoint = 2,
    BmRequestToOther = 3
} WDF_USB_BMREQUEST_RECIPIENT;

// Not the numbers of USBD_PIPE_TYPE.
typedef enum _WDF_USB_PIPE_TYPE {
    WdfUsbPipeTypeInvalid = 0,
    WdfUsbPipeTypeControl,
    WdfUsbPipeTypeIsochronous,
    WdfUsbPipeTypeBulk,
    WdfUsbPipeTypeInterrupt
} WDF_USB_PIPE_TYPE;

typedef enum _WdfUsbTargetDeviceSelectConfigType {
    WdfUsbTargetDeviceSelectConfigTypeInvalid = 0,
    WdfUsbTargetDeviceSelectConfigTypeDeconfig = 1,
    WdfUsbTargetDeviceSelectConfigTypeSingleInterface = 2,
    WdfUsbTargetDeviceSelectConfigTypeMultiInterface = 3,
    WdfUsbTargetDeviceSelectConfigTypeInterfacesPairs = 4,
    WdfUsbTargetDeviceSelectConfigTypeInterfacesDescriptor = 5,
    WdfUsbTargetDeviceSelectConfigTypeUrb = 6
} WdfUsbTargetDeviceSelectConfigType;

typedef enum _WdfUsbTargetDeviceSelectSettingType {
    WdfUsbInterfaceSelectSettingTypeDescriptor = 0x10,
    WdfUsbInterfaceSelectSettingTypeSetting = 0x11,
    WdfUsbInterfaceSelectSettingTypeUrb = 0x12
} WdfUsbTargetDeviceSelectSettingType;

typedef enum _WDF_USB_DEVICE_TRAITS {
    WDF_USB_DEVICE_TRAIT_SELF_POWERED = 0x00000001,
    WDF_USB_DEVICE_TRAIT_REMOTE_WAKE_CAPABLE = 0x00000002,
    WDF_USB_DEVICE_TRAIT_AT_HIGH_SPEED = 0x00000004
} WDF_USB_DEVICE_TRAITS;

// ---- Control transfers --------------------------------------------------------------------------------------------

// wLength is the library's to fill in.
typedef union _WDF_USB_CONTROL_SETUP_PACKET {
    struct {
        union {
            struct {
                BYTE Recipient : 2;
                BYTE Reserved : 3;
                BYTE Type : 2;
                BYTE Dir : 1;
            } Request;
            BYTE Byte;
        } bm;
        BYTE bRequest;
        union {
            struct {
                BYTE LowByte;
                BYTE HiByte;
            } Bytes;
            USHORT Value;
        } wValue;
        union {
            struct {
                BYTE LowByte;
                BYTE HiByte;
            } Bytes;
            USHORT Value;
        } wIndex;
        USHORT wLength;
    } Packet;
    struct {
        BYTE Bytes[8];
    } Generic;
} WDF_USB_CONTROL_SETUP_PACKET, *PWDF_USB_CONTROL_SETUP_PACKET;

FORCEINLINE VOID swiftusb_setup_packet(
    PWDF_USB_CONTROL_SETUP_PACKET packet, WDF_USB_BMREQUEST_DIRECTION direction, WDF_USB_BMREQUEST_TYPE type,
    WDF_USB_BMREQUEST_RECIPIENT recipient, BYTE request, USHORT value, USHORT index) {
    memset(packet, 0, sizeof *packet);
    packet->Packet.bm.Byte = (BYTE)((BYTE)direction << 7 | (BYTE)type << 5 | (BYTE)recipient);
    packet->Packet.bRequest = request;
    packet->Packet.wValue.Value = value;
    packet->Packet.wIndex.Value = index;
}

FORCEINLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT(
    PWDF_USB_CONTROL_SETUP_PACKET packet, WDF_USB_BMREQUEST_DIRECTION direction, WDF_USB_BMREQUEST_RECIPIENT recipient,
    BYTE request, USHORT value, USHORT index) {
    swiftusb_setup_packet(packet, direction, BmRequestStandard, recipient, request, value, index);
}

FORCEINLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_CLASS(
    PWDF_USB_CONTROL_SETUP_PACKET packet, WDF_USB_BMREQUEST_DIRECTION direction, WDF_USB_BMREQUEST_RECIPIENT recipient,
    BYTE request, USHORT value, USHORT index) {
    swiftusb_setup_packet(packet, direction, BmRequestClass, recipient, request, value, index);
}

FORCEINLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_VENDOR(
    PWDF_USB_CONTROL_SETUP_PACKET packet, WDF_USB_BMREQUEST_DIRECTION direction, WDF_USB_BMREQUEST_RECIPIENT recipient,
    BYTE request, USHORT value, USHORT index) {
    swiftusb_setup_packet(packet, direction, BmRequestVendor, recipient, request, value, index);
}

FORCEINLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_FEATURE(
    PWDF_USB_CONTROL_SETUP_PACKET packet, WDF_USB_BMREQUEST_RECIPIENT recipient, USHORT featureSelector, USHORT index,
    BOOLEAN setFeature) {
    swiftusb_setup_packet(
        packet, BmRequestHostToDevice, BmRequestStandard, recipient,
        setFeature ? USB_REQUEST_SET_FEATURE : USB_REQUEST_CLEAR_FEATURE, featureSelector, index);
}

FORCEINLINE VOID WDF_USB_CONTROL_SETUP_PACKET_INIT_GET_STATUS(
    PWDF_USB_CONTROL_SETUP_PACKET packet, WDF_USB_BMREQUEST_RECIPIENT recipient, USHORT index) {
    swiftusb_setup_packet(
        packet, BmRequestDeviceToHost, BmRequestStandard, recipient, USB_REQUEST_GET_STATUS, 0, index);
}

// ---- What became of a request -------------------------------------------------------------------------------------

typedef struct _WDF_USB_REQUEST_COMPLETION_PARAMS {
    USBD_STATUS UsbdStatus;
    WDF_USB_REQUEST_TYPE Type;
    union {
        struct {
            WDFMEMORY Buffer;
            USHORT LangID;
            UCHAR StringIndex;
            UCHAR RequiredSize;
        } DeviceString;
        struct {
            WDFMEMORY Buffer;
            WDF_USB_CONTROL_SETUP_PACKET SetupPacket;
            ULONG Length;
        } DeviceControlTransfer;
        struct {
            WDFMEMORY Buffer;
        } DeviceUrb;
        struct {
            WDFMEMORY Buffer;
            size_t Length;
            size_t Offset;
        } PipeWrite;
        struct {
            WDFMEMORY Buffer;
            size_t Length;
            size_t Offset;
        } PipeRead;
        struct {
            WDFMEMORY Buffer;
        } PipeUrb;
    } Parameters;
} WDF_USB_REQUEST_COMPLETION_PARAMS;

// ---- The continuous reader ----------------------------------------------------------------------------------------

// At DISPATCH_LEVEL, and at PASSIVE_LEVEL. FALSE from the second keeps the reader stopped.
typedef VOID EVT_WDF_USB_READER_COMPLETION_ROUTINE(
    WDFUSBPIPE Pipe, WDFMEMORY Buffer, size_t NumBytesTransferred, WDFCONTEXT Context);
typedef EVT_WDF_USB_READER_COMPLETION_ROUTINE *PFN_WDF_USB_READER_COMPLETION_ROUTINE;
typedef BOOLEAN EVT_WDF_USB_READERS_FAILED(WDFUSBPIPE Pipe, NTSTATUS Status, USBD_STATUS UsbdStatus);
typedef EVT_WDF_USB_READERS_FAILED *PFN_WDF_USB_READERS_FAILED;

// NumPendingReads: 0 for two, at most ten.
typedef struct _WDF_USB_CONTINUOUS_READER_CONFIG {
    ULONG Size;
    size_t TransferLength;
    size_t HeaderLength;
    size_t TrailerLength;
    UCHAR NumPendingReads;
    PWDF_OBJECT_ATTRIBUTES BufferAttributes;
    PFN_WDF_USB_READER_COMPLETION_ROUTINE EvtUsbTargetPipeReadComplete;
    WDFCONTEXT EvtUsbTargetPipeReadCompleteContext;
    PFN_WDF_USB_READERS_FAILED EvtUsbTargetPipeReadersFailed;
} WDF_USB_CONTINUOUS_READER_CONFIG, *PWDF_USB_CONTINUOUS_READER_CONFIG;

FORCEINLINE VOID WDF_USB_CONTINUOUS_READER_CONFIG_INIT(
    PWDF_USB_CONTINUOUS_READER_CONFIG config, PFN_WDF_USB_READER_COMPLETION_ROUTINE readComplete, WDFCONTEXT context,
    size_t transferLength) {
    memset(config, 0, sizeof *config);
    config->Size = WDF_STRUCTURE_SIZE(WDF_USB_CONTINUOUS_READER_CONFIG);
    config->EvtUsbTargetPipeReadComplete = readComplete;
    config->EvtUsbTargetPipeReadCompleteContext = context;
    config->TransferLength = transferLength;
}

// ---- Descriptions of devices, interfaces and pipes ----------------------------------------------------------------

typedef struct _WDF_USB_DEVICE_CREATE_CONFIG {
    ULONG Size;
    ULONG USBDClientContractVersion;
} WDF_USB_DEVICE_CREATE_CONFIG, *PWDF_USB_DEVICE_CREATE_CONFIG;

FORCEINLINE VOID WDF_USB_DEVICE_CREATE_CONFIG_INIT(PWDF_USB_DEVICE_CREATE_CONFIG config, ULONG contractVersion) {
    memset(config, 0, sizeof *config);
    config->Size = WDF_STRUCTURE_SIZE(WDF_USB_DEVICE_CREATE_CONFIG);
    config->USBDClientContractVersion = contractVersion;
}

typedef struct _WDF_USB_DEVICE_INFORMATION {
    ULONG Size;
    USBD_VERSION_INFORMATION UsbdVersionInformation;
    ULONG HcdPortCapabilities;
    ULONG Traits;
} WDF_USB_DEVICE_INFORMATION, *PWDF_USB_DEVICE_INFORMATION;

FORCEINLINE VOID WDF_USB_DEVICE_INFORMATION_INIT(PWDF_USB_DEVICE_INFORMATION information) {
    memset(information, 0, sizeof *information);
    information->Size = WDF_STRUCTURE_SIZE(WDF_USB_DEVICE_INFORMATION);
}

typedef struct _WDF_USB_PIPE_INFORMATION {
    ULONG Size;
    ULONG MaximumPacketSize;
    UCHAR EndpointAddress;
    UCHAR Interval;
    UCHAR SettingIndex;
    WDF_USB_PIPE_TYPE PipeType;
    ULONG MaximumTransferSize;
} WDF_USB_PIPE_INFORMATION, *PWDF_USB_PIPE_INFORMATION;

FORCEINLINE VOID WDF_USB_PIPE_INFORMATION_INIT(PWDF_USB_PIPE_INFORMATION information) {
    memset(information, 0, sizeof *information);
    information->Size = WDF_STRUCTURE_SIZE(WDF_USB_PIPE_INFORMATION);
}

FORCEINLINE BOOLEAN WDF_USB_PIPE_DIRECTION_IN(UCHAR endpointAddress) {
    return (endpointAddress & USB_ENDPOINT_DIRECTION_MASK) != 0;
}
FORCEINLINE BOOLEAN WDF_USB_PIPE_DIRECTION_OUT(UCHAR endpointAddress) {
    return (endpointAddress & USB_ENDPOINT_DIRECTION_MASK) == 0;
}

// ---- Choosing a configuration and a setting -----------------------------------------------------------------------

typedef struct _WDF_USB_INTERFACE_SETTING_PAIR {
    WDFUSBINTERFACE UsbInterface;
    UCHAR SettingIndex;
} WDF_USB_INTERFACE_SETTING_PAIR, *PWDF_USB_INTERFACE_SETTING_PAIR;

typedef struct _WDF_USB_DEVICE_SELECT_CONFIG_PARAMS {
    ULONG Size;
    WdfUsbTargetDeviceSelectConfigType Type;
    union {
        struct {
            PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor;
            PUSB_INTERFACE_DESCRIPTOR *InterfaceDescriptors;
            ULONG NumInterfaceDescriptors;
        } Descriptor;
        struct {
            PURB Urb;
        } Urb;
        struct {
            UCHAR NumberConfiguredPipes;
            WDFUSBINTERFACE ConfiguredUsbInterface;
        } SingleInterface;
        struct {
            UCHAR NumberInterfaces;
            PWDF_USB_INTERFACE_SETTING_PAIR Pairs;
            UCHAR NumberOfConfiguredInterfaces;
        } MultiInterface;
    } Types;
} WDF_USB_DEVICE_SELECT_CONFIG_PARAMS, *PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS;

FORCEINLINE VOID swiftusb_select_config(
    PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS params, WdfUsbTargetDeviceSelectConfigType type) {
    memset(params, 0, sizeof *params);
    params->Size = WDF_STRUCTURE_SIZE(WDF_USB_DEVICE_SELECT_CONFIG_PARAMS);
    params->Type = type;
}

FORCEINLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_DECONFIG(PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS params) {
    swiftusb_select_config(params, WdfUsbTargetDeviceSelectConfigTypeDeconfig);
}

FORCEINLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(
    PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS params) {
    swiftusb_select_config(params, WdfUsbTargetDeviceSelectConfigTypeSingleInterface);
}

// Without pairs, every interface gets its first setting.
FORCEINLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_MULTIPLE_INTERFACES(
    PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS params, UCHAR numberInterfaces, PWDF_USB_INTERFACE_SETTING_PAIR pairs) {
    if (pairs && numberInterfaces) {
        swiftusb_select_config(params, WdfUsbTargetDeviceSelectConfigTypeInterfacesPairs);
        params->Types.MultiInterface.NumberInterfaces = numberInterfaces;
        params->Types.MultiInterface.Pairs = pairs;
    } else {
        swiftusb_select_config(params, WdfUsbTargetDeviceSelectConfigTypeMultiInterface);
    }
}

FORCEINLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_INTERFACES_DESCRIPTORS(
    PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS params, PUSB_CONFIGURATION_DESCRIPTOR configuration,
    PUSB_INTERFACE_DESCRIPTOR *interfaces, ULONG numberInterfaces) {
    swiftusb_select_config(params, WdfUsbTargetDeviceSelectConfigTypeInterfacesDescriptor);
    params->Types.Descriptor.ConfigurationDescriptor = configuration;
    params->Types.Descriptor.InterfaceDescriptors = interfaces;
    params->Types.Descriptor.NumInterfaceDescriptors = numberInterfaces;
}

FORCEINLINE VOID WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_URB(
    PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS params, PURB urb) {
    swiftusb_select_config(params, WdfUsbTargetDeviceSelectConfigTypeUrb);
    params->Types.Urb.Urb = urb;
}

typedef struct _WDF_USB_INTERFACE_SELECT_SETTING_PARAMS {
    ULONG Size;
    WdfUsbTargetDeviceSelectSettingType Type;
    union {
        struct {
            PUSB_INTERFACE_DESCRIPTOR InterfaceDescriptor;
        } Descriptor;
        struct {
            UCHAR SettingIndex;
        } Interface;
        struct {
            PURB Urb;
        } Urb;
    } Types;
} WDF_USB_INTERFACE_SELECT_SETTING_PARAMS, *PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS;

FORCEINLINE VOID swiftusb_select_setting(
    PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS params, WdfUsbTargetDeviceSelectSettingType type) {
    memset(params, 0, sizeof *params);
    params->Size = WDF_STRUCTURE_SIZE(WDF_USB_INTERFACE_SELECT_SETTING_PARAMS);
    params->Type = type;
}

FORCEINLINE VOID WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_SETTING(
    PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS params, UCHAR settingIndex) {
    swiftusb_select_setting(params, WdfUsbInterfaceSelectSettingTypeSetting);
    params->Types.Interface.SettingIndex = settingIndex;
}

FORCEINLINE VOID WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_DESCRIPTOR(
    PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS params, PUSB_INTERFACE_DESCRIPTOR descriptor) {
    swiftusb_select_setting(params, WdfUsbInterfaceSelectSettingTypeDescriptor);
    params->Types.Descriptor.InterfaceDescriptor = descriptor;
}

FORCEINLINE VOID WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_URB(
    PWDF_USB_INTERFACE_SELECT_SETTING_PARAMS params, PURB urb) {
    swiftusb_select_setting(params, WdfUsbInterfaceSelectSettingTypeUrb);
    params->Types.Urb.Urb = urb;
}

#include "swiftusb/wdfusbfunctions.h"

#endif
