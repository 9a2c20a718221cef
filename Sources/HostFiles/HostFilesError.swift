// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import VirtualUSB

/// Why the address of a host does not go with its files, or with a program that does not move the time.
package enum HostFilesError: Error, Equatable, CustomStringConvertible {
    /// The clock would stand still.
    case clockOfNobody
    /// The file of this name cannot be a disk.
    case noDisk(String)

    package var description: String {
        switch self {
        case .clockOfNobody: "clock=manual is for programs that move the time; use clock=real or clock=free"
        case .noDisk(let name):
            "\(name) is no disk: that takes a file of at least one block of \(Disk.blockSize) bytes, and of whole ones"
        }
    }
}
