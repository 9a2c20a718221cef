// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a device is as a whole (USB 2.0 section 9.6.1, USB 3.2 section 9.6.1): 18 bytes.
public struct DeviceDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 18

    /// The USB release that the device follows (bcdUSB).
    public var usbRelease: BinaryCodedRelease
    /// What the device is, or that its interfaces say.
    public var deviceClass: ClassCode
    /// bMaxPacketSize0 as it stands: bytes, or from SuperSpeed up an exponent of 2. See ``controlPacketSize(at:)``.
    public var maximumPacketSize0: UInt8
    /// The vendor (idVendor), assigned by the USB-IF.
    public var vendorID: UInt16
    /// The product (idProduct), assigned by the vendor.
    public var productID: UInt16
    /// The device's own release (bcdDevice).
    public var deviceRelease: BinaryCodedRelease
    /// The index of the manufacturer's name, 0 for none.
    public var manufacturerString: UInt8
    /// The index of the product's name, 0 for none.
    public var productString: UInt8
    /// The index of the serial number, 0 for none.
    public var serialNumberString: UInt8
    /// How many configurations there are at the current speed.
    public var configurationCount: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields; the defaults are those of a USB 2.0 device without strings.
    public init(
        usbRelease: BinaryCodedRelease = .usb20, deviceClass: ClassCode = .perInterface,
        maximumPacketSize0: UInt8 = 64, vendorID: UInt16, productID: UInt16,
        deviceRelease: BinaryCodedRelease = 0x0100, manufacturerString: UInt8 = 0, productString: UInt8 = 0,
        serialNumberString: UInt8 = 0, configurationCount: UInt8 = 1, trailing: [UInt8] = []
    ) {
        self.usbRelease = usbRelease
        self.deviceClass = deviceClass
        self.maximumPacketSize0 = maximumPacketSize0
        self.vendorID = vendorID
        self.productID = productID
        self.deviceRelease = deviceRelease
        self.manufacturerString = manufacturerString
        self.productString = productString
        self.serialNumberString = serialNumberString
        self.configurationCount = configurationCount
        self.trailing = trailing
    }

    /// Reads a device descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(of: bytes, at: offset, type: .device, minimum: Self.fixedLength)
        usbRelease = BinaryCodedRelease(rawValue: bytes.word(2))
        deviceClass = bytes.classCode(4)
        maximumPacketSize0 = bytes.byte(7)
        vendorID = bytes.word(8)
        productID = bytes.word(10)
        deviceRelease = BinaryCodedRelease(rawValue: bytes.word(12))
        manufacturerString = bytes.byte(14)
        productString = bytes.byte(15)
        serialNumberString = bytes.byte(16)
        configurationCount = bytes.byte(17)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.device, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(word: usbRelease.rawValue)
        bytes.append(deviceClass)
        bytes.append(maximumPacketSize0)
        bytes.append(word: vendorID)
        bytes.append(word: productID)
        bytes.append(word: deviceRelease.rawValue)
        bytes.append(contentsOf: [manufacturerString, productString, serialNumberString, configurationCount])
        bytes.append(contentsOf: tail)
    }

    /// The largest packet of the default control pipe, in bytes.
    ///
    /// From SuperSpeed up the field is an exponent of 2; one above 15 counts as 15.
    public func controlPacketSize(at speed: Speed) -> Int {
        speed.isSuperSpeed ? 1 << Int(min(maximumPacketSize0, 15)) : Int(maximumPacketSize0)
    }
}

/// What would differ in the device descriptor if a high-speed capable device ran at its other speed
/// (USB 2.0 section 9.6.2): 10 bytes.
public struct DeviceQualifierDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 10

    /// The USB release that the device follows (bcdUSB).
    public var usbRelease: BinaryCodedRelease
    /// What the device is at the other speed.
    public var deviceClass: ClassCode
    /// The largest packet of the default control pipe at the other speed, in bytes.
    public var maximumPacketSize0: UInt8
    /// How many configurations there are at the other speed.
    public var configurationCount: UInt8
    /// The last byte, reserved.
    public var reserved: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(
        usbRelease: BinaryCodedRelease = .usb20, deviceClass: ClassCode = .perInterface,
        maximumPacketSize0: UInt8 = 64, configurationCount: UInt8 = 1, reserved: UInt8 = 0, trailing: [UInt8] = []
    ) {
        self.usbRelease = usbRelease
        self.deviceClass = deviceClass
        self.maximumPacketSize0 = maximumPacketSize0
        self.configurationCount = configurationCount
        self.reserved = reserved
        self.trailing = trailing
    }

    /// Reads a device qualifier descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(of: bytes, at: offset, type: .deviceQualifier, minimum: Self.fixedLength)
        usbRelease = BinaryCodedRelease(rawValue: bytes.word(2))
        deviceClass = bytes.classCode(4)
        maximumPacketSize0 = bytes.byte(7)
        configurationCount = bytes.byte(8)
        reserved = bytes.byte(9)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.deviceQualifier, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(word: usbRelease.rawValue)
        bytes.append(deviceClass)
        bytes.append(contentsOf: [maximumPacketSize0, configurationCount, reserved])
        bytes.append(contentsOf: tail)
    }
}

extension RawSpan {
    /// The three bytes of a class code at an offset.
    func classCode(_ offset: Int) -> ClassCode {
        ClassCode(base: byte(offset), subclass: byte(offset &+ 1), protocol: byte(offset &+ 2))
    }
}

extension [UInt8] {
    /// Appends the three bytes of a class code.
    mutating func append(_ code: ClassCode) {
        append(code.base)
        append(code.subclass)
        append(code.protocol)
    }
}
