// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBHost

/// The generator of every seeded choice on a virtual bus; the engine has it, since the faults of any wire are seeded too.
public typealias SeededGenerator = USBHost.SeededGenerator
