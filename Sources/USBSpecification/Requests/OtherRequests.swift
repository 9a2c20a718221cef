// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

extension SetupPacket {
    /// A request of the vendor's own.
    ///
    /// - Parameters:
    ///   - direction: where the data go; for a request without data, OUT.
    ///   - request: bRequest, as the vendor defines it.
    ///   - target: device, interface or endpoint; the last two are put into the low byte of wIndex.
    ///   - value: wValue.
    ///   - index: the rest of wIndex, and all of it for a request to the device.
    ///   - length: the bytes of data.
    public static func vendor(
        _ direction: Direction, _ request: UInt8, of target: RequestTarget = .device, value: UInt16 = 0,
        index: UInt16 = 0, length: UInt16 = 0
    ) -> SetupPacket {
        SetupPacket(.vendor, direction, request, of: target, value: value, index: index, length: length)
    }

    /// A request of the class of the device or interface. Parameters as for ``vendor(_:_:of:value:index:length:)``.
    public static func `class`(
        _ direction: Direction, _ request: UInt8, of target: RequestTarget, value: UInt16 = 0, index: UInt16 = 0,
        length: UInt16 = 0
    ) -> SetupPacket {
        SetupPacket(.class, direction, request, of: target, value: value, index: index, length: length)
    }

    private init(
        _ kind: RequestType.Kind, _ direction: Direction, _ request: UInt8, of target: RequestTarget, value: UInt16,
        index: UInt16, length: UInt16
    ) {
        self.init(
            requestType: RequestType(direction: direction, kind: kind, recipient: target.recipient), request: request,
            value: value, index: index | target.index, length: length)
    }
}
