// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Interrupt request levels, locks, events and time.

#ifndef CMICROSOFTUSB_KERNELEXECUTION_H
#define CMICROSOFTUSB_KERNELEXECUTION_H

#include "driverspecs.h"
#include "ntdef.h"
#include "swiftusb/kerneldebug.h"

EXTERN_C_START

// ---- Levels -------------------------------------------------------------------------------------------------------

#define PASSIVE_LEVEL 0
#define LOW_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#define HIGH_LEVEL 15

// The calling thread's. A thread begins at PASSIVE_LEVEL.
KIRQL KeGetCurrentIrql(VOID);
// To a lower level than the thread has: bug check 0x9.
VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql);
KIRQL KeRaiseIrqlToDpcLevel(VOID);
// To a higher level than the thread has: bug check 0xA.
VOID KeLowerIrql(KIRQL NewIrql);

#define PAGED_CODE() NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)

// ---- Spin locks ---------------------------------------------------------------------------------------------------

typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;

VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock);
// Raises the thread to DISPATCH_LEVEL and returns the level it had, for KeReleaseSpinLock.
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
// For a thread that is at DISPATCH_LEVEL already.
VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);
#define KeAcquireSpinLock(lock, oldIrql) (*(oldIrql) = KeAcquireSpinLockRaiseToDpc(lock))

// Each returns what stood at that end of the list before, NULL if the list was empty.
FORCEINLINE PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock) {
    KIRQL level = KeAcquireSpinLockRaiseToDpc(lock);
    PLIST_ENTRY first = IsListEmpty(head) ? NULL : head->Flink;
    InsertHeadList(head, entry);
    KeReleaseSpinLock(lock, level);
    return first;
}
FORCEINLINE PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock) {
    KIRQL level = KeAcquireSpinLockRaiseToDpc(lock);
    PLIST_ENTRY last = IsListEmpty(head) ? NULL : head->Blink;
    InsertTailList(head, entry);
    KeReleaseSpinLock(lock, level);
    return last;
}
FORCEINLINE PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock) {
    KIRQL level = KeAcquireSpinLockRaiseToDpc(lock);
    PLIST_ENTRY first = IsListEmpty(head) ? NULL : RemoveHeadList(head);
    KeReleaseSpinLock(lock, level);
    return first;
}

// ---- Events -------------------------------------------------------------------------------------------------------

// A notification event stays set until it is cleared; a synchronisation event releases one thread and clears itself.
typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;

// Where the type says what an object is that can be waited for. Only events are.
typedef struct _DISPATCHER_HEADER {
    UCHAR Type;
    UCHAR Reserved;
    UCHAR Size;
    UCHAR Reserved2;
    LONG SignalState;
    LIST_ENTRY WaitListHead;
} DISPATCHER_HEADER;

// Lives in the driver's memory, is not torn down, and may not be copied while a thread waits for it.
typedef struct _KEVENT {
    DISPATCHER_HEADER Header;
} KEVENT, *PKEVENT, *PRKEVENT;

typedef enum _KWAIT_REASON {
    Executive,
    FreePage,
    PageIn,
    PoolAllocation,
    DelayExecution,
    Suspended,
    UserRequest
} KWAIT_REASON;

typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

#define IO_NO_INCREMENT 0
#define EVENT_INCREMENT 1

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State);
// These two return the state before: not 0 if the event was set.
LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait);
LONG KeResetEvent(PRKEVENT Event);
VOID KeClearEvent(PRKEVENT Event);
LONG KeReadStateEvent(PRKEVENT Event);

// STATUS_SUCCESS, or STATUS_TIMEOUT. Timeout: units of 100 ns, negative from now, positive since 1601, 0 for a look
// without waiting, NULL for ever.
NTSTATUS KeWaitForSingleObject(
    PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout);

// ---- Time: the bus's clock ----------------------------------------------------------------------------------------

// Units of 100 ns, since 1601.
VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime);
#define KeQuerySystemTimePrecise(time) KeQuerySystemTime(time)
// Units of 100 ns, since the bus was opened.
ULONGLONG KeQueryInterruptTime(VOID);
// The count that QueryPerformanceCounter has; Frequency (counts a second) may be NULL.
LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER Frequency);
NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval);
VOID KeStallExecutionProcessor(ULONG MicroSeconds);

EXTERN_C_END

#endif
