// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The multimedia timer. Time is as fine as it gets from the start, so the periods change nothing.

#ifndef CMICROSOFTUSB_TIMEAPI_H
#define CMICROSOFTUSB_TIMEAPI_H

#include "sysinfoapi.h"

typedef UINT MMRESULT;
#define MMSYSERR_NOERROR 0
#define TIMERR_NOERROR 0

static __inline__ MMRESULT timeBeginPeriod(UINT milliseconds) {
    (void)milliseconds;
    return TIMERR_NOERROR;
}
static __inline__ MMRESULT timeEndPeriod(UINT milliseconds) {
    (void)milliseconds;
    return TIMERR_NOERROR;
}
static __inline__ DWORD timeGetTime(void) { return GetTickCount(); }

#endif
