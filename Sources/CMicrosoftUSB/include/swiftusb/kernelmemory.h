// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Pool memory, memory descriptor lists (MDLs), bytes and text in memory.

#ifndef CMICROSOFTUSB_KERNELMEMORY_H
#define CMICROSOFTUSB_KERNELMEMORY_H

#include "ntdef.h"
#include "ntstatus.h"

EXTERN_C_START

// ---- Pool ---------------------------------------------------------------------------------------------------------

// All pools are the program's heap; what differs is at which level memory may be asked for.
typedef enum _POOL_TYPE {
    NonPagedPool = 0,
    NonPagedPoolExecute = NonPagedPool,
    PagedPool = 1,
    NonPagedPoolMustSucceed = 2,
    DontUseThisType = 3,
    NonPagedPoolCacheAligned = 4,
    PagedPoolCacheAligned = 5,
    NonPagedPoolCacheAlignedMustS = 6,
    MaxPoolType = 7,
    NonPagedPoolNx = 512,
    NonPagedPoolNxCacheAligned = 516
} POOL_TYPE;

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_USE_QUOTA 0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ULL
#define POOL_FLAG_SESSION 0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED 0x0000000000000008ULL
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED 0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED 0x0000000000000100ULL

// NULL if there is no memory. ExAllocatePool2 zeroes it, unless told not to; the others do not.
PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag);
PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);
VOID ExFreePoolWithTag(PVOID P, ULONG Tag);
VOID ExFreePool(PVOID P);

#define ExAllocatePool(type, bytes) ExAllocatePoolWithTag((type), (bytes), 0x656E6F4EU)
#define ExAllocatePoolUninitialized ExAllocatePoolWithTag
#define ExFreePool2(memory, tag, parameters, count) ExFreePoolWithTag((memory), (tag))
FORCEINLINE PVOID ExAllocatePoolZero(POOL_TYPE type, SIZE_T bytes, ULONG tag) {
    PVOID memory = ExAllocatePoolWithTag(type, bytes, tag);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

// ---- Memory descriptor lists --------------------------------------------------------------------------------------

#define PAGE_SHIFT 12
#define PAGE_SIZE 0x1000
#define PAGE_ALIGN(address) ((PVOID)((ULONG_PTR)(address) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define BYTE_OFFSET(address) ((ULONG)((ULONG_PTR)(address) & (PAGE_SIZE - 1)))
#define ROUND_TO_PAGES(size) (((ULONG_PTR)(size) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, size) \
    ((ULONG)((BYTE_OFFSET(address) + (SIZE_T)(size) + PAGE_SIZE - 1) >> PAGE_SHIFT))

// A range of memory: ByteOffset bytes behind StartVa, ByteCount bytes long. Ranges in a chain are joined by Next.
typedef struct _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    PVOID Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
} MDL, *PMDL, *PMDLX;

#define MDL_MAPPED_TO_SYSTEM_VA 0x0001
#define MDL_PAGES_LOCKED 0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE 0x0008
#define MDL_PARTIAL 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020

#define LowPagePriority 0
#define NormalPagePriority 16
#define HighPagePriority 32
#define MdlMappingNoWrite 0x80000000U
#define MdlMappingNoExecute 0x40000000U

struct _IRP;

// Describes Length bytes at VirtualAddress; NULL if there is no memory. With an Irp, it becomes the request's list, or
// with SecondaryBuffer the last of its chain.
PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, struct _IRP *Irp);
VOID IoFreeMdl(PMDL Mdl);
// Makes TargetMdl describe a part of SourceMdl; Length 0: from VirtualAddress to its end.
VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length);
VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList);

#define MmGetMdlByteCount(mdl) ((mdl)->ByteCount)
#define MmGetMdlByteOffset(mdl) ((mdl)->ByteOffset)
#define MmGetMdlBaseVa(mdl) ((mdl)->StartVa)
#define MmGetMdlVirtualAddress(mdl) ((PVOID)((PCHAR)((mdl)->StartVa) + (mdl)->ByteOffset))
#define MmGetSystemAddressForMdl(mdl) MmGetMdlVirtualAddress(mdl)
#define MmPrepareMdlForReuse(mdl) ((void)(mdl))

// One address serves the whole program, so this never fails.
FORCEINLINE PVOID MmGetSystemAddressForMdlSafe(PMDL mdl, ULONG priority) {
    (void)priority;
    return MmGetMdlVirtualAddress(mdl);
}

EXTERN_C_END

// ---- Bytes and text -----------------------------------------------------------------------------------------------

// How many bytes are equal from the start.
FORCEINLINE SIZE_T RtlCompareMemory(const VOID *left, const VOID *right, SIZE_T length) {
    SIZE_T equal = 0;
    while (equal < length && ((const UCHAR *)left)[equal] == ((const UCHAR *)right)[equal]) equal++;
    return equal;
}

FORCEINLINE VOID RtlInitUnicodeString(PUNICODE_STRING to, PCWSTR text) {
    SIZE_T bytes = 0;
    to->Buffer = (PWCH)text;
    while (text && text[bytes / sizeof(WCHAR)] && bytes < UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        bytes += sizeof(WCHAR);
    to->Length = (USHORT)bytes;
    to->MaximumLength = (USHORT)(text ? bytes + sizeof(WCHAR) : 0);
}

FORCEINLINE VOID RtlInitEmptyUnicodeString(PUNICODE_STRING to, PWCHAR buffer, USHORT bytes) {
    to->Length = 0;
    to->MaximumLength = bytes;
    to->Buffer = buffer;
}

// What does not fit is cut off.
FORCEINLINE VOID RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from) {
    to->Length = 0;
    if (!from) return;
    to->Length = from->Length < to->MaximumLength ? from->Length : to->MaximumLength;
    memmove(to->Buffer, from->Buffer, to->Length);
}

#define RtlCopyBytes RtlCopyMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlFillBytes RtlFillMemory
#define RtlCopyMemoryNonTemporal RtlCopyMemory

#endif
