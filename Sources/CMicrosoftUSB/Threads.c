// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#include "swiftusb_threads.h"

#include <stdlib.h>

void *swiftusb_thread_main(void *argument) {
    swiftusb_thread thread = *(swiftusb_thread *)argument;
    DWORD code = 0;
    free(argument);
    thread.begin(thread.object);
    if (thread.routine.function) code = thread.routine.function(thread.routine.parameter);
    if (thread.routine.procedure) thread.routine.procedure(thread.routine.parameter);
    thread.end(thread.object, code);
    return NULL;
}
