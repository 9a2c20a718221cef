// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#define _GNU_SOURCE

#include "swiftusb_symbols.h"

#include <dlfcn.h>
#include <stddef.h>

// An address in this shared object.
static const char here = 0;

void *swiftusb_symbol(const char *name) {
    Dl_info own, found;
    if (!dladdr(&here, &own)) return NULL;
    // Whoever loaded the library may have kept its names to himself; then it has to be asked itself.
    void *library = own.dli_fname ? dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    void *symbol = dlsym(library ? library : RTLD_DEFAULT, name);
    if (library) dlclose(library);
    // A name of the C library's is not ours.
    if (!symbol || !dladdr(symbol, &found) || found.dli_fbase != own.dli_fbase) return NULL;
    return symbol;
}
