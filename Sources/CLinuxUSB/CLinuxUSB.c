// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The package manager wants a source file in every C target.
#include "CLinuxUSB.h"
