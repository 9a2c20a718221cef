// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Being told of Ctrl+C.

#ifndef CMICROSOFTUSB_CONSOLEAPI_H
#define CMICROSOFTUSB_CONSOLEAPI_H

#include "winnt.h"

#define CTRL_C_EVENT 0
#define CTRL_BREAK_EVENT 1
#define CTRL_CLOSE_EVENT 2
#define CTRL_LOGOFF_EVENT 5
#define CTRL_SHUTDOWN_EVENT 6

typedef BOOL (WINAPI *PHANDLER_ROUTINE)(DWORD controlType);

EXTERN_C_START

BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE handler, BOOL add);

EXTERN_C_END

#endif
