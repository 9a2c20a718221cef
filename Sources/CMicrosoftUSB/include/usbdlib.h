// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// USBD: URBs allocated and built, descriptors read.

#ifndef CMICROSOFTUSB_USBDLIB_H
#define CMICROSOFTUSB_USBDLIB_H

#include "usb.h"
#include "wdm.h"

// ---- Sizes --------------------------------------------------------------------------------------------------------

// One packet more than n, since the structure holds one already.
#define GET_ISO_URB_SIZE(n) (sizeof(struct _URB_ISOCH_TRANSFER) + sizeof(USBD_ISO_PACKET_DESCRIPTOR) * (n))
#define GET_SELECT_CONFIGURATION_REQUEST_SIZE(totalInterfaces, totalPipes) \
    (sizeof(struct _URB_SELECT_CONFIGURATION) + ((totalInterfaces) - 1) * sizeof(USBD_INTERFACE_INFORMATION) + \
     ((totalPipes) - (totalInterfaces)) * sizeof(USBD_PIPE_INFORMATION))
#define GET_SELECT_INTERFACE_REQUEST_SIZE(totalPipes) \
    (sizeof(struct _URB_SELECT_INTERFACE) + ((totalPipes) - 1) * sizeof(USBD_PIPE_INFORMATION))
#define GET_USBD_INTERFACE_SIZE(endpoints) \
    (sizeof(USBD_INTERFACE_INFORMATION) + (endpoints) * sizeof(USBD_PIPE_INFORMATION) - sizeof(USBD_PIPE_INFORMATION))

#define URB_STATUS(urb) ((urb)->UrbHeader.Status)

// ---- Building URBs ------------------------------------------------------------------------------------------------

// They set what they name and leave the rest as it is. Blocks in braces, as on Windows: a semicolon may follow or not.

#define SWIFTUSB_URB_BUFFER(part, buffer, mdl, bytes, link) \
    (part).TransferBufferLength = (bytes); \
    (part).TransferBufferMDL = (mdl); \
    (part).TransferBuffer = (buffer); \
    (part).UrbLink = (link)

#define UsbBuildInterruptOrBulkTransferRequest(urb, length, pipeHandle, buffer, mdl, bytes, flags, link) { \
        (urb)->UrbHeader.Function = URB_FUNCTION_BULK_OR_INTERRUPT_TRANSFER; \
        (urb)->UrbHeader.Length = (length); \
        (urb)->UrbBulkOrInterruptTransfer.PipeHandle = (pipeHandle); \
        (urb)->UrbBulkOrInterruptTransfer.TransferFlags = (flags); \
        SWIFTUSB_URB_BUFFER((urb)->UrbBulkOrInterruptTransfer, buffer, mdl, bytes, link); \
    }

#define UsbBuildGetDescriptorRequest(urb, length, type, index, language, buffer, mdl, bytes, link) { \
        (urb)->UrbHeader.Function = URB_FUNCTION_GET_DESCRIPTOR_FROM_DEVICE; \
        (urb)->UrbHeader.Length = (length); \
        (urb)->UrbControlDescriptorRequest.DescriptorType = (type); \
        (urb)->UrbControlDescriptorRequest.Index = (index); \
        (urb)->UrbControlDescriptorRequest.LanguageId = (language); \
        SWIFTUSB_URB_BUFFER((urb)->UrbControlDescriptorRequest, buffer, mdl, bytes, link); \
    }

#define UsbBuildGetStatusRequest(urb, function, index, buffer, mdl, link) { \
        (urb)->UrbHeader.Function = (function); \
        (urb)->UrbHeader.Length = sizeof(struct _URB_CONTROL_GET_STATUS_REQUEST); \
        (urb)->UrbControlGetStatusRequest.Index = (index); \
        SWIFTUSB_URB_BUFFER((urb)->UrbControlGetStatusRequest, buffer, mdl, sizeof(USHORT), link); \
    }

#define UsbBuildFeatureRequest(urb, function, featureSelector, index, link) { \
        (urb)->UrbHeader.Function = (function); \
        (urb)->UrbHeader.Length = sizeof(struct _URB_CONTROL_FEATURE_REQUEST); \
        (urb)->UrbControlFeatureRequest.FeatureSelector = (featureSelector); \
        (urb)->UrbControlFeatureRequest.Index = (index); \
        (urb)->UrbControlFeatureRequest.UrbLink = (link); \
    }

#define UsbBuildSelectConfigurationRequest(urb, length, descriptor) { \
        (urb)->UrbHeader.Function = URB_FUNCTION_SELECT_CONFIGURATION; \
        (urb)->UrbHeader.Length = (length); \
        (urb)->UrbSelectConfiguration.ConfigurationDescriptor = (descriptor); \
    }

#define UsbBuildSelectInterfaceRequest(urb, length, configurationHandle, interfaceNumber, alternateSetting) { \
        (urb)->UrbHeader.Function = URB_FUNCTION_SELECT_INTERFACE; \
        (urb)->UrbHeader.Length = (length); \
        (urb)->UrbSelectInterface.Interface.AlternateSetting = (alternateSetting); \
        (urb)->UrbSelectInterface.Interface.InterfaceNumber = (interfaceNumber); \
        (urb)->UrbSelectInterface.Interface.Length = \
            (USHORT)((length) - sizeof(struct _URB_HEADER) - sizeof(USBD_CONFIGURATION_HANDLE)); \
        (urb)->UrbSelectInterface.ConfigurationHandle = (configurationHandle); \
    }

#define UsbBuildVendorRequest( \
    urb, function, length, flags, reservedBits, request, value, index, buffer, mdl, bytes, link) { \
        (urb)->UrbHeader.Function = (function); \
        (urb)->UrbHeader.Length = (length); \
        (urb)->UrbControlVendorClassRequest.TransferFlags = (flags); \
        (urb)->UrbControlVendorClassRequest.RequestTypeReservedBits = (reservedBits); \
        (urb)->UrbControlVendorClassRequest.Request = (request); \
        (urb)->UrbControlVendorClassRequest.Value = (value); \
        (urb)->UrbControlVendorClassRequest.Index = (index); \
        SWIFTUSB_URB_BUFFER((urb)->UrbControlVendorClassRequest, buffer, mdl, bytes, link); \
    }

#define UsbBuildOsFeatureDescriptorRequest(urb, length, interface, index, buffer, mdl, bytes, link) { \
        (urb)->UrbHeader.Function = URB_FUNCTION_GET_MS_FEATURE_DESCRIPTOR; \
        (urb)->UrbHeader.Length = (length); \
        (urb)->UrbOSFeatureDescriptorRequest.InterfaceNumber = (interface); \
        (urb)->UrbOSFeatureDescriptorRequest.MS_FeatureDescriptorIndex = (index); \
        SWIFTUSB_URB_BUFFER((urb)->UrbOSFeatureDescriptorRequest, buffer, mdl, bytes, link); \
    }

FORCEINLINE VOID UsbBuildOpenStaticStreamsRequest(
    PURB urb, USBD_PIPE_HANDLE pipeHandle, USHORT numberOfStreams, PUSBD_STREAM_INFORMATION streams) {
    memset(urb, 0, sizeof *urb);
    memset(streams, 0, sizeof *streams * numberOfStreams);
    urb->UrbHeader.Function = URB_FUNCTION_OPEN_STATIC_STREAMS;
    urb->UrbHeader.Length = sizeof(struct _URB_OPEN_STATIC_STREAMS);
    urb->UrbOpenStaticStreams.PipeHandle = pipeHandle;
    urb->UrbOpenStaticStreams.NumberOfStreams = numberOfStreams;
    urb->UrbOpenStaticStreams.StreamInfoVersion = URB_OPEN_STATIC_STREAMS_VERSION_100;
    urb->UrbOpenStaticStreams.StreamInfoSize = sizeof(USBD_STREAM_INFORMATION);
    urb->UrbOpenStaticStreams.Streams = streams;
}

// ---- Types and constants ------------------------------------------------------------------------------------------

// What to select: Interface points into the URB when a function below has built it. A NULL descriptor ends a list.
typedef struct _USBD_INTERFACE_LIST_ENTRY {
    PUSB_INTERFACE_DESCRIPTOR InterfaceDescriptor;
    PUSBD_INTERFACE_INFORMATION Interface;
} USBD_INTERFACE_LIST_ENTRY, *PUSBD_INTERFACE_LIST_ENTRY;

// A token, like the handles of the framework; a wrong one is a bug check wherever no status is documented for it.
DECLARE_HANDLE(USBD_HANDLE);

#define USBD_CLIENT_CONTRACT_VERSION_INVALID 0xFFFFFFFFU
#define USBD_CLIENT_CONTRACT_VERSION_602 0x602
#define USBD_INTERFACE_VERSION_600 0x600
#define USBD_INTERFACE_VERSION_602 0x602

// What USBD_QueryUsbCapability may be asked.
DEFINE_GUID(
    GUID_USB_CAPABILITY_CHAINED_MDLS, 0xF5CEEB23, 0xAD90, 0x458C, 0x97, 0x9A, 0xD5, 0x9B, 0x3A, 0xD6, 0x88, 0x4F);
DEFINE_GUID(
    GUID_USB_CAPABILITY_STATIC_STREAMS, 0x09051E1F, 0x0DC9, 0x4E6B, 0x8B, 0x12, 0x96, 0x0C, 0xBD, 0x81, 0xAA, 0x8F);
DEFINE_GUID(
    GUID_USB_CAPABILITY_SELECTIVE_SUSPEND, 0x755C630D, 0xC8A0, 0x4765, 0x94, 0x6F, 0x90, 0xCC, 0x70, 0x38, 0x56, 0xA4);
DEFINE_GUID(
    GUID_USB_CAPABILITY_FUNCTION_SUSPEND, 0xF4563183, 0xD66E, 0x42BD, 0xBD, 0x53, 0x1A, 0xC7, 0xB0, 0x4C, 0xD5, 0x9D);
DEFINE_GUID(
    GUID_USB_CAPABILITY_HIGH_BANDWIDTH_ISOCH, 0x9C8A8A27, 0x15F9, 0x42E3, 0xA3, 0x56, 0xCD, 0xA6, 0xAE, 0x97, 0xA8,
    0xC8);
DEFINE_GUID(
    GUID_USB_CAPABILITY_DEVICE_CONNECTION_HIGH_SPEED_COMPATIBLE, 0x81A885A6, 0xF239, 0x42A2, 0x83, 0x97, 0xA5, 0xD9,
    0x5B, 0xEA, 0x69, 0x53);
DEFINE_GUID(
    GUID_USB_CAPABILITY_DEVICE_CONNECTION_SUPER_SPEED_COMPATIBLE, 0x8A2F776C, 0x9BD0, 0x4F29, 0x97, 0x71, 0xC7, 0xA3,
    0x88, 0x46, 0xD4, 0xC7);
DEFINE_GUID(
    GUID_USB_CAPABILITY_TIME_SYNC, 0xBB6E6472, 0x4BE5, 0x44A3, 0x96, 0x41, 0x34, 0x5E, 0x56, 0xAC, 0x34, 0x85);

EXTERN_C_START

// ---- A driver's registration, and its URBs ------------------------------------------------------------------------

NTSTATUS USBD_CreateHandle(
    PDEVICE_OBJECT DeviceObject, PDEVICE_OBJECT TargetDeviceObject, ULONG USBDClientContractVersion, ULONG PoolTag,
    USBD_HANDLE *USBDHandle);
VOID USBD_CloseHandle(USBD_HANDLE USBDHandle);
BOOLEAN USBD_IsInterfaceVersionSupported(USBD_HANDLE USBDHandle, ULONG USBDInterfaceVersion);
NTSTATUS USBD_QueryUsbCapability(
    USBD_HANDLE USBDHandle, const GUID *CapabilityType, ULONG OutputBufferLength, PUCHAR OutputBuffer,
    PULONG ResultLength);
NTSTATUS USBD_UrbAllocate(USBD_HANDLE USBDHandle, PURB *Urb);
NTSTATUS USBD_IsochUrbAllocate(USBD_HANDLE USBDHandle, ULONG NumberOfIsochPacket, PURB *Urb);
NTSTATUS USBD_SelectConfigUrbAllocateAndBuild(
    USBD_HANDLE USBDHandle, PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor,
    PUSBD_INTERFACE_LIST_ENTRY InterfaceList, PURB *Urb);
NTSTATUS USBD_SelectInterfaceUrbAllocateAndBuild(
    USBD_HANDLE USBDHandle, USBD_CONFIGURATION_HANDLE ConfigurationHandle,
    PUSBD_INTERFACE_LIST_ENTRY InterfaceListEntry, PURB *Urb);
VOID USBD_UrbFree(USBD_HANDLE USBDHandle, PURB Urb);
VOID USBD_AssignUrbToIoStackLocation(USBD_HANDLE USBDHandle, PIO_STACK_LOCATION IoStackLocation, PURB Urb);

// ---- Descriptors --------------------------------------------------------------------------------------------------

// -1 matches anything.
PUSB_INTERFACE_DESCRIPTOR USBD_ParseConfigurationDescriptorEx(
    PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor, PVOID StartPosition, LONG InterfaceNumber,
    LONG AlternateSetting, LONG InterfaceClass, LONG InterfaceSubClass, LONG InterfaceProtocol);
PUSB_INTERFACE_DESCRIPTOR USBD_ParseConfigurationDescriptor(
    PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor, UCHAR InterfaceNumber, UCHAR AlternateSetting);
PUSB_COMMON_DESCRIPTOR USBD_ParseDescriptors(
    PVOID DescriptorBuffer, ULONG TotalLength, PVOID StartPosition, LONG DescriptorType);
USBD_STATUS USBD_ValidateConfigurationDescriptor(
    PUSB_CONFIGURATION_DESCRIPTOR ConfigDesc, ULONG BufferLength, USHORT Level, PUCHAR *Offset, ULONG Tag);
ULONG USBD_GetInterfaceLength(PUSB_INTERFACE_DESCRIPTOR InterfaceDescriptor, PUCHAR BufferEnd);

// ---- Older helpers ------------------------------------------------------------------------------------------------

// A URB from pool memory: freed by ExFreePool.
PURB USBD_CreateConfigurationRequestEx(
    PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor, PUSBD_INTERFACE_LIST_ENTRY InterfaceList);
PURB USBD_CreateConfigurationRequest(PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor, PUSHORT Siz);
VOID USBD_GetUSBDIVersion(PUSBD_VERSION_INFORMATION VersionInformation);
ULONG USBD_CalculateUsbBandwidth(ULONG MaxPacketSize, UCHAR EndpointType, BOOLEAN IsLowSpeed);
NTSTATUS USBD_QueryBusTime(PDEVICE_OBJECT RootHubPdo, PULONG CurrentFrame);
NTSTATUS USBD_GetPdoRegistryParameter(
    PDEVICE_OBJECT PhysicalDeviceObject, PVOID Parameter, ULONG ParameterLength, PWSTR KeyName, ULONG KeyNameLength);
VOID USBD_RegisterHcFilter(PDEVICE_OBJECT DeviceObject, PDEVICE_OBJECT FilterDeviceObject);

EXTERN_C_END

#endif
