// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// One alternate setting of an interface (USB 2.0 section 9.6.5): 9 bytes.
public struct InterfaceDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 9

    /// The interface's number (bInterfaceNumber), counted from 0.
    public var number: UInt8
    /// The number of this alternate setting (bAlternateSetting); 0 is the default.
    public var alternateSetting: UInt8
    /// The number of endpoints, endpoint 0 not counted.
    public var endpointCount: UInt8
    /// What the interface is.
    public var interfaceClass: ClassCode
    /// The index of the interface's name, 0 for none.
    public var nameString: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(
        number: UInt8, alternateSetting: UInt8 = 0, endpointCount: UInt8 = 0, interfaceClass: ClassCode,
        nameString: UInt8 = 0, trailing: [UInt8] = []
    ) {
        self.number = number
        self.alternateSetting = alternateSetting
        self.endpointCount = endpointCount
        self.interfaceClass = interfaceClass
        self.nameString = nameString
        self.trailing = trailing
    }

    /// Reads an interface descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(of: bytes, at: offset, type: .interface, minimum: Self.fixedLength)
        number = bytes.byte(2)
        alternateSetting = bytes.byte(3)
        endpointCount = bytes.byte(4)
        interfaceClass = bytes.classCode(5)
        nameString = bytes.byte(8)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.interface, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(contentsOf: [number, alternateSetting, endpointCount])
        bytes.append(interfaceClass)
        bytes.append(nameString)
        bytes.append(contentsOf: tail)
    }
}

/// Groups consecutive interfaces into one function (interface association ECN, USB 3.2 section 9.6.4): 8 bytes.
public struct InterfaceAssociationDescriptor: Descriptor {
    /// The number of bytes before any ``trailing``.
    public static let fixedLength = 8

    /// The number of the first interface of the function.
    public var firstInterface: UInt8
    /// How many interfaces belong to the function, with consecutive numbers.
    public var interfaceCount: UInt8
    /// What the function is.
    public var functionClass: ClassCode
    /// The index of the function's name, 0 for none.
    public var nameString: UInt8
    /// Bytes behind the fields above.
    public var trailing: [UInt8]

    /// Names the fields.
    public init(
        firstInterface: UInt8, interfaceCount: UInt8, functionClass: ClassCode, nameString: UInt8 = 0,
        trailing: [UInt8] = []
    ) {
        self.firstInterface = firstInterface
        self.interfaceCount = interfaceCount
        self.functionClass = functionClass
        self.nameString = nameString
        self.trailing = trailing
    }

    /// Reads an interface association descriptor.
    public init(parsing bytes: RawSpan, at offset: Int) throws(DescriptorDefect) {
        let length = try checkedLength(of: bytes, at: offset, type: .interfaceAssociation, minimum: Self.fixedLength)
        firstInterface = bytes.byte(2)
        interfaceCount = bytes.byte(3)
        functionClass = bytes.classCode(4)
        nameString = bytes.byte(7)
        trailing = bytes.copy(Self.fixedLength..<length)
    }

    /// Appends the descriptor's bytes, bLength first.
    public func encode(into bytes: inout [UInt8]) {
        let tail = bytes.appendHeader(.interfaceAssociation, fixed: Self.fixedLength, trailing: trailing)
        bytes.append(contentsOf: [firstInterface, interfaceCount])
        bytes.append(functionClass)
        bytes.append(nameString)
        bytes.append(contentsOf: tail)
    }

    /// The numbers of the interfaces that belong to the function. They may exceed 255 where the descriptor is wrong.
    public var interfaces: Range<Int> { Int(firstInterface)..<(Int(firstInterface) + Int(interfaceCount)) }
}
