// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CUSBDriverKit

/// The ring of a bulk pipe: memory by place, and what has ended and has not been told yet. Guarded by the pipe's lock.
struct DescriptorRing {
    /// A place that a transfer is submitted for.
    struct Place {
        var index: Int
        var memory: IOMemoryDescriptor
        var length: UInt32
    }

    /// A transfer that has ended.
    struct Ended {
        var index: Int
        var byteCount: UInt32
        var status: kern_return_t
        var action: OSAction
        var wasAborted: Bool
    }

    private let size: Int
    private var memory: [IOMemoryDescriptor] = []
    private var isBusy: [Bool]
    private var ended: [Ended] = []

    init(size: Int) {
        self.size = size
        isBusy = Array(repeating: false, count: size)
    }

    /// Fills a place.
    mutating func set(_ descriptor: IOMemoryDescriptor, at index: Int) -> kern_return_t {
        guard index < size, index <= memory.count else { return kIOReturnBadArgument }
        guard !isBusy[index] else { return kIOReturnBusy }
        if index == memory.count { memory.append(descriptor) } else { memory[index] = descriptor }
        return kIOReturnSuccess
    }

    /// Takes consecutive places from `first` on, as far as they are free; the lengths say how many.
    mutating func take(_ first: Int, _ lengths: [UInt32], into places: inout [Place]) -> kern_return_t {
        guard memory.count == size else { return kIOReturnNotReady }
        guard first < size, lengths.count <= size else { return kIOReturnBadArgument }
        for (number, length) in lengths.enumerated() {
            let index = (first + number) % size
            guard Int(length) <= memory[index].length else { return kIOReturnBadArgument }
            places.append(Place(index: index, memory: memory[index], length: length))
        }
        let free = places.prefix { !isBusy[$0.index] }.count
        guard free > 0 else { return kIOReturnBusy }
        places.removeLast(places.count - free)
        for place in places { isBusy[place.index] = true }
        return kIOReturnSuccess
    }

    /// No transfer is under way at a place.
    mutating func free(_ index: Int) { isBusy[index] = false }

    /// A transfer has ended.
    mutating func note(_ end: Ended) { ended.append(end) }

    /// What has ended from a place on, in a row, for the same action; empty when it has been told already. The places are
    /// free from now on.
    mutating func takeBundle(from index: Int) -> [Ended] {
        guard let start = ended.firstIndex(where: { $0.index == index }) else { return [] }
        var bundle = [ended[start]]
        for next in ended[(start + 1)...] {
            guard bundle.count < Int(kIOUSBHostPipeBundlingMax), next.action === bundle[0].action,
                next.index == bundle[bundle.count - 1].index + 1
            else { break }
            bundle.append(next)
        }
        ended.removeSubrange(start..<start + bundle.count)
        for end in bundle { isBusy[end.index] = false }
        return bundle
    }
}
