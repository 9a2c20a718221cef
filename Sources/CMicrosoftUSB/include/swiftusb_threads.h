// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// How a thread of a program begins and ends. For the library itself.

#pragma once

#include "windef.h"

/// What a thread runs: a function, or a procedure without a result.
typedef struct swiftusb_routine {
    DWORD (*function)(void *parameter);
    void (*procedure)(void *parameter);
    void *parameter;
} swiftusb_routine;

/// A thread that is to begin.
typedef struct swiftusb_thread {
    void *object;
    swiftusb_routine routine;
    void (*begin)(void *object);
    void (*end)(void *object, DWORD code);
} swiftusb_thread;

/// The first function of a thread. Nothing but C stands between it and the program's own code: a thread that is ended in
/// the middle leaves no reference of Swift's behind. `thread` is memory of malloc, and is freed.
void *swiftusb_thread_main(void *thread);
