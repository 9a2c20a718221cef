// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Drivers include this for the process that they run in, which is the program's own here.

#pragma once

#include <DriverKit/IOService.h>
