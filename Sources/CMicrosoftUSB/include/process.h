// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Threads by the C library's names.

#ifndef CMICROSOFTUSB_PROCESS_H
#define CMICROSOFTUSB_PROCESS_H

#include "windef.h"

typedef void (__cdecl *_beginthread_proc_type)(void *parameter);
typedef unsigned (__stdcall *_beginthreadex_proc_type)(void *parameter);

EXTERN_C_START

uintptr_t _beginthread(_beginthread_proc_type start, unsigned stackSize, void *parameter);
uintptr_t _beginthreadex(
    void *security, unsigned stackSize, _beginthreadex_proc_type start, void *parameter, unsigned flags,
    unsigned *threadId);
void _endthread(void) __attribute__((__noreturn__));
void _endthreadex(unsigned exitCode) __attribute__((__noreturn__));

EXTERN_C_END

#endif
