// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing
import USBHost
import USBSpecification
import WinUSB

@Suite("Parsing of descriptors")
struct ParsingTests {
    private let bytes = ScriptedDevice().model.configurations[0].bytes

    /// Where the interface descriptor was found.
    private func interface(
        in bytes: [UInt8], from start: Int = 0, _ number: Int32 = -1, _ alternate: Int32 = -1, _ base: Int32 = -1,
        _ subclass: Int32 = -1, _ protocol: Int32 = -1
    ) -> Int? {
        var copy = bytes
        return unsafe copy.withUnsafeMutableBytes { memory in
            guard let base0 = memory.baseAddress else { return nil }
            let found = unsafe WinUsb_ParseConfigurationDescriptor(
                base0.assumingMemoryBound(to: USB_CONFIGURATION_DESCRIPTOR.self), base0 + start, number, alternate,
                base,
                subclass, `protocol`)
            return unsafe found.map { Int(bitPattern: $0) - Int(bitPattern: base0) }
        }
    }

    private func descriptor(in bytes: [UInt8], count: Int, from start: Int, type: Int32) -> Int? {
        var copy = bytes
        return unsafe copy.withUnsafeMutableBytes { memory in
            guard let base = memory.baseAddress else { return nil }
            let found = unsafe WinUsb_ParseDescriptors(base, ULONG(count), base + start, type)
            return unsafe found.map { Int(bitPattern: $0) - Int(bitPattern: base) }
        }
    }

    @Test("The first interface that fits is found, with -1 for any")
    func interfaces() {
        #expect(interface(in: bytes) == 9)
        #expect(interface(in: bytes, 1) == 46)
        #expect(interface(in: bytes, 1, 1) == 55)
        #expect(interface(in: bytes, -1, 1) == 55)
        #expect(interface(in: bytes, -1, -1, 0xFF, 2) == 78)
        #expect(interface(in: bytes, -1, -1, -1, -1, 1) == 55)
        #expect(interface(in: bytes, from: 47) == nil, "a start inside a descriptor reads other lengths")
        #expect(interface(in: bytes, from: 55) == 55)
        #expect(interface(in: bytes, 3) == nil)
        #expect(interface(in: bytes, -1, -1, 3) == nil)
        #expect(interface(in: bytes, 0x101) == nil)
        #expect(unsafe WinUsb_ParseConfigurationDescriptor(nil, nil, -1, -1, -1, -1, -1) == nil)
    }

    @Test("The first descriptor of a type is found at the start or behind it")
    func types() {
        #expect(descriptor(in: bytes, count: bytes.count, from: 0, type: 2) == 0)
        #expect(descriptor(in: bytes, count: bytes.count, from: 0, type: 4) == 9)
        #expect(descriptor(in: bytes, count: bytes.count, from: 18, type: 4) == 46)
        #expect(descriptor(in: bytes, count: bytes.count, from: 18, type: 5) == 18)
        #expect(descriptor(in: bytes, count: bytes.count, from: 0, type: 0x30) == nil)
        #expect(descriptor(in: bytes, count: 9, from: 0, type: 4) == nil)
        #expect(descriptor(in: bytes, count: bytes.count, from: bytes.count, type: 4) == nil)
        #expect(unsafe WinUsb_ParseDescriptors(nil, 9, nil, 4) == nil)
    }

    @Test("Bytes that are wrong end the search and are never left", arguments: sparing(0..<200))
    func damage(_ seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var damaged = bytes
        for _ in 0..<4 {
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        // The length that the configuration itself claims is the caller's word for what is there.
        damaged[2] = bytes[2]
        damaged[3] = bytes[3]
        for start in 0..<damaged.count {
            if let found = interface(in: damaged, from: start) {
                #expect(found + 9 <= damaged.count && damaged[found + 1] == 4)
            }
            if let found = descriptor(in: damaged, count: damaged.count, from: start, type: 5) {
                #expect(found + Int(damaged[found]) <= damaged.count)
            }
        }
    }
}
