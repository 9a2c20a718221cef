// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Names the target; it declares nothing, since a program never calls what is in it.

#ifndef CWIDEMAIN_H
#define CWIDEMAIN_H

#endif
