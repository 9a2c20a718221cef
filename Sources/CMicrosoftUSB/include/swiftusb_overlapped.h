// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The status word of an OVERLAPPED block, which one thread writes while others look at it. For the library itself;
// programs use HasOverlappedIoCompleted.

#pragma once

#include "minwinbase.h"

/// The NTSTATUS in a block, and everything that was written before it.
static inline LONG swiftusb_load_status(const OVERLAPPED *block) {
    return (LONG)__atomic_load_n(&block->Internal, __ATOMIC_ACQUIRE);
}

/// Writes the NTSTATUS of a block behind everything that was written before.
static inline void swiftusb_store_status(OVERLAPPED *block, LONG status) {
    __atomic_store_n(&block->Internal, (ULONG_PTR)(ULONG)status, __ATOMIC_RELEASE);
}
