// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USBSpecification

@Suite struct DescriptorIteratorTests {
    @Test(arguments: DescriptorTable.allCases)
    func findsEachDescriptor(table: DescriptorTable) {
        let parsed = DescriptorIterator.all(in: table.bytes)
        #expect(parsed.defects.isEmpty)
        #expect(parsed.value?.map(\.offset) == table.places.map(\.offset))
        #expect(parsed.value?.map(\.type.rawValue) == table.places.map(\.type))
        #expect(parsed.value?.map(\.length) == table.places.map(\.length))
        #expect(parsed.value?.flatMap { table.bytes[$0.range] } == table.bytes)
    }

    @Test(
        arguments: [
            ([], []), ([9], [DescriptorDefect(.strayBytes(count: 1), at: 0)]),
            ([0, 5, 2, 5], [DescriptorDefect(.impossibleLength(0), at: 0)]),
            ([2, 5, 1, 5], [DescriptorDefect(.impossibleLength(1), at: 2)]),
            ([2, 5, 3, 5], [DescriptorDefect(.overrun(.endpoint, length: 3, available: 2), at: 2)]),
            ([2, 5, 2], [DescriptorDefect(.strayBytes(count: 1), at: 2)]),
            ([255, 5], [DescriptorDefect(.overrun(.endpoint, length: 255, available: 2), at: 0)]),
        ] as [([UInt8], [DescriptorDefect])])
    func endsAtTheFirstDefect(bytes: [UInt8], defects: [DescriptorDefect]) {
        #expect(DescriptorIterator.all(in: bytes).defects == defects)
    }

    @Test func randomBytesAreCoveredWithoutGaps() {
        var random = DescriptorRandom(seed: 2)
        for _ in 0..<2_000 {
            var bytes = random.bytes(0...300)
            if random.chance(50) { bytes = bytes.map { $0 % 8 } }
            let parsed = DescriptorIterator.all(in: bytes)
            var end = 0
            for view in parsed.value ?? [] {
                #expect(view.offset == end && view.length >= 2)
                #expect(bytes[view.offset] == UInt8(view.length) && bytes[view.offset + 1] == view.type.rawValue)
                end = view.range.upperBound
            }
            #expect(end <= bytes.count)
            #expect((end == bytes.count) == parsed.defects.isEmpty)
            #expect(parsed.defects.allSatisfy { $0.offset == end })
        }
    }

    @Test func lendsAndCopiesBytes() throws {
        let bytes: [UInt8] = [2, 0x24, 4, 0x25, 7, 8]
        let views = try #require(DescriptorIterator.all(in: bytes).value)
        let span = unsafe bytes.span.bytes
        #expect(views.map { $0.copy(from: span) } == [[2, 0x24], [4, 0x25, 7, 8]])
        #expect(views.map { $0.withBytes(in: span) { $0.byteCount } } == [2, 4])
        // A view of other bytes lends what there is.
        let fewer: [UInt8] = [1, 2, 3]
        #expect(views[1].copy(from: unsafe fewer.span.bytes) == [3])
        #expect(views[1].withBytes(in: unsafe fewer.span.bytes) { $0.byteCount } == 1)
    }

    @Test func aWalkMayBeginAnywhere() {
        let bytes: [UInt8] = [2, 1, 2, 2, 2, 3]
        let span = unsafe bytes.span.bytes
        for (start, types) in [(-1, [1, 2, 3]), (2, [2, 3]), (6, []), (1_000, [])] as [(Int, [UInt8])] {
            var iterator = DescriptorIterator(at: start)
            var found: [UInt8] = []
            while let view = iterator.next(in: span) { found.append(view.type.rawValue) }
            #expect(found == types && iterator.defect == nil)
        }
    }
}
