// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Drivers include this for DriverKit's collections, in which they read and write properties. There are no properties
// here and no collections: this is only so that a source file that includes it compiles.

#pragma once

#include <DriverKit/OSObject.h>
