// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Locks. WdfObjectAcquireLock takes the lock of the device or queue that Object is, or stands for.

#ifndef CMICROSOFTUSB_WDFSYNC_H
#define CMICROSOFTUSB_WDFSYNC_H

#include "wdfobject.h"

EXTERN_C_START

VOID WdfObjectAcquireLock(WDFOBJECT Object);
VOID WdfObjectReleaseLock(WDFOBJECT Object);

// At PASSIVE_LEVEL. Timeout: units of 100 ns as in WDF_REQUEST_SEND_OPTIONS, NULL for ever; STATUS_TIMEOUT.
NTSTATUS WdfWaitLockCreate(PWDF_OBJECT_ATTRIBUTES LockAttributes, WDFWAITLOCK *Lock);
NTSTATUS WdfWaitLockAcquire(WDFWAITLOCK Lock, PLONGLONG Timeout);
VOID WdfWaitLockRelease(WDFWAITLOCK Lock);

// The holder is at DISPATCH_LEVEL.
NTSTATUS WdfSpinLockCreate(PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, WDFSPINLOCK *SpinLock);
VOID WdfSpinLockAcquire(WDFSPINLOCK SpinLock);
VOID WdfSpinLockRelease(WDFSPINLOCK SpinLock);

EXTERN_C_END

#endif
