// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension [UInt8] {
    /// The bytes of a span.
    package init(copying bytes: Span<UInt8>) {
        // Sound: the buffer is only read, and the span keeps it alive for the call.
        self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
    }
}
