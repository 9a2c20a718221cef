// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBD
import USBHost

/// Descriptors in memory of their exact size, so that a read behind them is found by a sanitizer.
@safe private final class Descriptors {
    let memory: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        // At least as many as the type has, since functions get it by that type.
        unsafe memory = .allocate(byteCount: max(1, bytes.count), alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        count = bytes.count
    }

    let count: Int

    deinit { unsafe memory.deallocate() }

    var configuration: PUSB_CONFIGURATION_DESCRIPTOR? {
        unsafe memory.baseAddress?.assumingMemoryBound(to: USB_CONFIGURATION_DESCRIPTOR.self)
    }

    /// The status of the check, and where the fault is; -1 for nowhere.
    func check(_ level: UInt16, length: Int? = nil) -> (UInt32, Int) {
        var place: PUCHAR?
        let status = unsafe USBD_ValidateConfigurationDescriptor(
            configuration, ULONG(length ?? count), level, &place, 0)
        let offset = unsafe place.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(memory.baseAddress!) } ?? -1
        return (UInt32(bitPattern: status), offset)
    }
}

/// Two interfaces, the first with two settings: 9, 18 (setting 1), 27, 34 endpoints, 41 association, 49 interface, 58
/// endpoint.
private let sound: [UInt8] = [
    9, 2, 65, 0, 2, 1, 0, 0x80, 50,
    9, 4, 0, 0, 0, 0xFF, 0, 0, 0,
    9, 4, 0, 1, 2, 0xFF, 0, 0, 0,
    7, 5, 0x81, 2, 0, 2, 0,
    7, 5, 0x02, 2, 0, 2, 0,
    8, 11, 1, 1, 0xFF, 0, 0, 0,
    9, 4, 1, 0, 1, 3, 1, 2, 0,
    7, 5, 0x83, 3, 8, 0, 4,
]

@Suite("descriptors")
struct DescriptorTests {
    @Test("a sound configuration passes every level", arguments: 1...3)
    func passes(level: Int) {
        #expect(Descriptors(sound).check(UInt16(level)) == (0, -1))
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var what: String
        var place: Int
        var value: UInt8
        var status: UInt32
        var offset: Int
        /// The first level that sees it.
        var level: UInt16
        var testDescription: String { what }

        init(_ what: String, _ place: Int, _ value: UInt8, _ status: UInt32, at offset: Int, level: UInt16) {
            (self.what, self.place, self.value) = (what, place, value)
            (self.status, self.offset, self.level) = (status, offset, level)
        }
    }

    @Test(
        "a fault has its code and its descriptor's offset, from its level on",
        arguments: [
            Fault("configuration's type", 1, 3, 0xC010_0002, at: 0, level: 1),
            Fault("configuration too short", 0, 8, 0xC010_0001, at: 0, level: 1),
            Fault("total beyond the buffer", 2, 66, 0xC010_0006, at: 0, level: 1),
            Fault("total within the first", 2, 8, 0xC010_0006, at: 0, level: 1),
            Fault("number of interfaces", 4, 3, 0xC010_0007, at: 0, level: 2),
            Fault("length of 0", 18, 0, 0xC010_0001, at: 18, level: 2),
            Fault("length of 1", 27, 1, 0xC010_0001, at: 27, level: 2),
            Fault("length beyond the end", 58, 8, 0xC010_0001, at: 58, level: 2),
            Fault("a setting twice", 21, 0, 0xC010_0003, at: 18, level: 2),
            Fault("endpoint 0", 29, 0x80, 0xC010_0009, at: 27, level: 2),
            Fault("reserved bits of an address", 29, 0x91, 0xC010_0009, at: 27, level: 2),
            Fault("an address twice", 36, 0x81, 0xC010_0009, at: 34, level: 2),
            Fault("association of no interface", 44, 0, 0xC010_0005, at: 41, level: 2),
            Fault("a configuration inside", 42, 2, 0xC010_0002, at: 41, level: 2),
            Fault("number of endpoints", 22, 3, 0xC010_0008, at: 18, level: 3),
            Fault("settings not in order", 21, 2, 0xC010_0003, at: 18, level: 3),
            Fault("interfaces not in order", 51, 2, 0xC010_0003, at: 49, level: 3),
        ])
    func faults(_ fault: Fault) {
        var bytes = sound
        bytes[fault.place] = fault.value
        for level in UInt16(1)...3 {
            let expected = level < fault.level ? (0, -1) : (fault.status, fault.offset)
            #expect(Descriptors(bytes).check(level) == expected, "level \(level)")
        }
    }

    @Test("an endpoint that no interface precedes is a fault")
    func endpointFirst() {
        let bytes: [UInt8] = [9, 2, 16, 0, 0, 1, 0, 0x80, 50, 7, 5, 0x81, 2, 0, 2, 0]
        #expect(Descriptors(bytes).check(2) == (0xC010_0004, 9))
    }

    @Test("other levels, NULL and too short a buffer are refused", arguments: [0, 4, 65535])
    func arguments(level: Int) {
        #expect(Descriptors(sound).check(UInt16(level)) == (0x8000_0300, -1))
        #expect(USBD_ValidateConfigurationDescriptor(nil, 9, 1, nil, 0) == USBD_STATUS_INVALID_PARAMETER)
        for length in 0..<9 { #expect(Descriptors(sound).check(1, length: length) == (0xC010_0006, 0)) }
    }

    @Test("damaged descriptors never trap; a fault lies within them, and a higher level sees no less", arguments: 0..<8)
    func damage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            let descriptors = Descriptors(bytes)
            var wasFault = false
            for level in UInt16(1)...3 {
                let (status, offset) = descriptors.check(level)
                #expect((status == 0) == (offset == -1))
                #expect(offset == -1 || offset == 0 || offset < bytes.count)
                #expect(!wasFault || status != 0)
                wasFault = status != 0
                guard offset > 0 else { continue }
                // Nothing before the fault is to blame: without it and all that follows, no descriptor before is at fault.
                var before = Array(bytes.prefix(offset))
                before[2] = UInt8(offset & 0xFF)
                before[3] = UInt8(offset >> 8)
                #expect(Descriptors(before).check(level).1 <= offset)
            }
        }
    }

    @Test("the first interface that fits is found, with -1 for anything")
    func parse() {
        let descriptors = Descriptors(sound)
        func find(_ start: Int, _ wanted: LONG...) -> Int? {
            let found = unsafe USBD_ParseConfigurationDescriptorEx(
                descriptors.configuration, descriptors.memory.baseAddress! + start, wanted[0], wanted[1], wanted[2],
                wanted[3], wanted[4])
            return unsafe found.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(descriptors.memory.baseAddress!) }
        }
        #expect(find(0, -1, -1, -1, -1, -1) == 9)
        #expect(find(0, 0, 1, -1, -1, -1) == 18)
        #expect(find(10, -1, -1, -1, -1, -1) == nil, "a start within a descriptor finds no way")
        #expect(find(18, -1, 0, -1, -1, -1) == 49)
        #expect(find(0, -1, -1, 3, 1, 2) == 49)
        #expect(find(0, -1, -1, 3, 1, 3) == nil)
        #expect(find(65, -1, -1, -1, -1, -1) == nil)
        #expect(unsafe USBD_ParseConfigurationDescriptor(descriptors.configuration, 2, 0) == nil)
        let endpoint = unsafe USBD_ParseDescriptors(
            descriptors.memory.baseAddress, 65, descriptors.memory.baseAddress, 5)
        #expect(
            unsafe endpoint.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(descriptors.memory.baseAddress!) }
                == 27)
        #expect(unsafe USBD_ParseDescriptors(nil, 65, nil, 5) == nil)
    }

    @Test(
        "an interface's length reaches to the next interface, or to what is cut off",
        arguments: [(9, 65, 9), (18, 65, 31), (49, 65, 16), (18, 40, 16), (18, 20, 0), (18, 18, 0)])
    func interfaceLength(start: Int, end: Int, length: UInt32) throws {
        let descriptors = Descriptors(sound)
        let base = unsafe try #require(descriptors.memory.baseAddress)
        let found = unsafe USBD_GetInterfaceLength(
            (base + start).assumingMemoryBound(to: USB_INTERFACE_DESCRIPTOR.self),
            (base + end).assumingMemoryBound(to: UCHAR.self))
        #expect(found == length)
    }

    @Test(
        "bit times of a packet",
        arguments: [
            (64, 0, 0, 0), (64, 2, 0, 0), (1023, 1, 0, 9632), (8, 3, 0, 196), (8, 3, 1, 1568), (0, 1, 0, 84),
        ] as [(UInt32, UInt8, UInt8, UInt32)])
    func bandwidth(size: UInt32, type: UInt8, isLow: UInt8, bits: UInt32) {
        #expect(USBD_CalculateUsbBandwidth(size, type, isLow) == bits)
    }
}
