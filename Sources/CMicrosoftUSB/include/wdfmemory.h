// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Memory objects, and descriptions of memory for the calls that wait.

#ifndef CMICROSOFTUSB_WDFMEMORY_H
#define CMICROSOFTUSB_WDFMEMORY_H

#include "wdfobject.h"

typedef enum _WDF_MEMORY_DESCRIPTOR_TYPE {
    WdfMemoryDescriptorTypeInvalid = 0,
    WdfMemoryDescriptorTypeBuffer,
    WdfMemoryDescriptorTypeMdl,
    WdfMemoryDescriptorTypeHandle
} WDF_MEMORY_DESCRIPTOR_TYPE;

// A part of a memory object, in bytes. {0, 0}, like a NULL pointer, means all of it.
typedef struct _WDFMEMORY_OFFSET {
    size_t BufferOffset;
    size_t BufferLength;
} WDFMEMORY_OFFSET, *PWDFMEMORY_OFFSET;

typedef struct _WDF_MEMORY_DESCRIPTOR {
    WDF_MEMORY_DESCRIPTOR_TYPE Type;
    union {
        struct {
            PVOID Buffer;
            ULONG Length;
        } BufferType;
        struct {
            PMDL Mdl;
            ULONG BufferLength;
        } MdlType;
        struct {
            WDFMEMORY Memory;
            PWDFMEMORY_OFFSET Offsets;
        } HandleType;
    } u;
} WDF_MEMORY_DESCRIPTOR, *PWDF_MEMORY_DESCRIPTOR;

FORCEINLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(
    PWDF_MEMORY_DESCRIPTOR descriptor, PVOID buffer, ULONG bufferLength) {
    memset(descriptor, 0, sizeof *descriptor);
    descriptor->Type = WdfMemoryDescriptorTypeBuffer;
    descriptor->u.BufferType.Buffer = buffer;
    descriptor->u.BufferType.Length = bufferLength;
}

FORCEINLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_HANDLE(
    PWDF_MEMORY_DESCRIPTOR descriptor, WDFMEMORY memory, PWDFMEMORY_OFFSET offsets) {
    memset(descriptor, 0, sizeof *descriptor);
    descriptor->Type = WdfMemoryDescriptorTypeHandle;
    descriptor->u.HandleType.Memory = memory;
    descriptor->u.HandleType.Offsets = offsets;
}

FORCEINLINE VOID WDF_MEMORY_DESCRIPTOR_INIT_MDL(PWDF_MEMORY_DESCRIPTOR descriptor, PMDL mdl, ULONG bufferLength) {
    memset(descriptor, 0, sizeof *descriptor);
    descriptor->Type = WdfMemoryDescriptorTypeMdl;
    descriptor->u.MdlType.Mdl = mdl;
    descriptor->u.MdlType.BufferLength = bufferLength;
}

EXTERN_C_START

NTSTATUS WdfMemoryCreate(
    PWDF_OBJECT_ATTRIBUTES Attributes, POOL_TYPE PoolType, ULONG PoolTag, size_t BufferSize, WDFMEMORY *Memory,
    PVOID *Buffer);
// The bytes stay the caller's and are never freed.
NTSTATUS WdfMemoryCreatePreallocated(
    PWDF_OBJECT_ATTRIBUTES Attributes, PVOID Buffer, size_t BufferSize, WDFMEMORY *Memory);
NTSTATUS WdfMemoryAssignBuffer(WDFMEMORY Memory, PVOID Buffer, size_t BufferSize);
PVOID WdfMemoryGetBuffer(WDFMEMORY Memory, size_t *BufferSize);
NTSTATUS WdfMemoryCopyToBuffer(WDFMEMORY SourceMemory, size_t SourceOffset, PVOID Buffer, size_t NumBytesToCopyTo);
NTSTATUS WdfMemoryCopyFromBuffer(
    WDFMEMORY DestinationMemory, size_t DestinationOffset, PVOID Buffer, size_t NumBytesToCopyFrom);

EXTERN_C_END

#define WdfMemoryCreate(attributes, poolType, poolTag, bufferSize, memory, buffer) \
    (WdfMemoryCreate)(attributes, poolType, poolTag, bufferSize, memory, SWIFTUSB_ANY_POINTER(buffer))

#endif
