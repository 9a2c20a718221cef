// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import TestEffort
import Testing

@testable import USBHost

@Suite("The heap of deadlines")
struct DeadlineHeapTests {
    @Test(
        "Arming, moving, taking out and serving agree with a sorted list", arguments: sparing(0..<20 as Range<UInt64>))
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var heap = DeadlineHeap()
        let nodes = (0..<40).map { _ in DeadlineNode() }
        var model: [Int: Int64] = [:]
        for _ in 0..<2_000 {
            let index = Int.random(in: nodes.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let deadline = Int64.random(in: 0..<100, using: &generator)
                heap.arm(nodes[index], at: deadline)
                model[index] = deadline
            case 2:
                heap.remove(nodes[index])
                model[index] = nil
            default:
                let now = Int64.random(in: -1..<100, using: &generator)
                let earliest = model.values.min()
                let node = heap.popDue(now: now)
                #expect((node != nil) == (earliest.map { $0 <= now } ?? false))
                if let node {
                    #expect(node.deadline == earliest)
                    let place = nodes.firstIndex { $0 === node }
                    if let place { model[place] = nil }
                }
            }
            #expect(heap.earliest == model.values.min())
            #expect(heap.isEmpty == model.isEmpty)
            #expect(nodes.indices.allSatisfy { nodes[$0].isArmed == (model[$0] != nil) })
        }
        var served: [Int64] = []
        while let node = heap.popDue(now: .max) { served.append(node.deadline) }
        #expect(served == model.values.sorted())
        #expect(nodes.allSatisfy { !$0.isArmed })
    }

    @Test("A deadline at the end of time is never due before it")
    func extremes() {
        var heap = DeadlineHeap()
        let (last, first) = (DeadlineNode(), DeadlineNode())
        heap.arm(last, at: .max)
        heap.arm(first, at: .min)
        #expect(heap.popDue(now: .min) === first)
        #expect(heap.popDue(now: .max - 1) == nil)
        #expect(heap.popDue(now: .max) === last)
    }
}
