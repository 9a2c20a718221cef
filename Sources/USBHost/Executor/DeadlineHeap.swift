// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Something that happens at a deadline. A node is in at most one heap and costs no allocation to arm.
class DeadlineNode {
    /// When, in nanoseconds of the controller's clock. Guarded by the executor's lock while the node is armed.
    final var deadline: Int64 = .max
    /// Where the node stands in the heap; negative when it is in none. Guarded by the executor's lock.
    fileprivate final var heapIndex = -1

    /// Whether the node waits in a heap.
    final var isArmed: Bool { heapIndex >= 0 }

    /// What must outlive a call of ``deadlineReached()``. Asked with the executor's lock held, while the node is armed.
    var keeper: AnyObject? { nil }

    /// Called by the event loop, without its lock, when the deadline has come. The node may have been armed anew in
    /// the meantime: an override looks at the clock again.
    func deadlineReached() {}
}

/// The pending deadlines of one controller, earliest first: a binary heap that knows each node's place, so that a
/// transfer which completes in time is removed at once instead of piling up until its deadline.
struct DeadlineHeap {
    private var nodes: [DeadlineNode] = []

    var isEmpty: Bool { nodes.isEmpty }
    var first: DeadlineNode? { nodes.first }
    /// The earliest deadline; nil when none will come. The end of the 64-bit range stands for never.
    var earliest: Int64? { nodes.first.flatMap { $0.deadline == .max ? nil : $0.deadline } }

    /// Adds `node`, or moves it if it is there already.
    mutating func arm(_ node: DeadlineNode, at deadline: Int64) {
        if node.isArmed { remove(node) }
        node.deadline = deadline
        node.heapIndex = nodes.count
        nodes.append(node)
        siftUp(from: node.heapIndex)
    }

    /// Takes `node` out; does nothing when it is not in.
    mutating func remove(_ node: DeadlineNode) {
        let index = node.heapIndex
        guard index >= 0 else { return }
        let last = nodes.removeLast()
        node.heapIndex = -1
        guard last !== node else { return }
        nodes[index] = last
        last.heapIndex = index
        siftUp(from: index)
        siftDown(from: last.heapIndex)
    }

    /// Takes out the earliest node if its deadline is not after `now`.
    mutating func popDue(now: Int64) -> DeadlineNode? {
        guard let first = nodes.first, first.deadline <= now else { return nil }
        remove(first)
        return first
    }

    private mutating func siftUp(from start: Int) {
        var index = start
        let node = nodes[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard node.deadline < nodes[parent].deadline else { break }
            place(nodes[parent], at: index)
            index = parent
        }
        place(node, at: index)
    }

    private mutating func siftDown(from start: Int) {
        var index = start
        let node = nodes[index]
        while true {
            var child = 2 * index + 1
            guard child < nodes.count else { break }
            if child + 1 < nodes.count, nodes[child + 1].deadline < nodes[child].deadline { child += 1 }
            guard nodes[child].deadline < node.deadline else { break }
            place(nodes[child], at: index)
            index = child
        }
        place(node, at: index)
    }

    private mutating func place(_ node: DeadlineNode, at index: Int) {
        nodes[index] = node
        node.heapIndex = index
    }
}
