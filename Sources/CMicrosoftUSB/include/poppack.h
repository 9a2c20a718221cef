// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Ends what pshpack1.h and its kind began.

#pragma pack(pop)
