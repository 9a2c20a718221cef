// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost

/// A list of records, first in, first out; a record is in at most one.
final class RecordList {
    private(set) var head: RequestRecord?
    private var tail: RequestRecord?

    deinit {
        // One by one: a long chain that went all at once would exhaust the stack.
        while popFirst() != nil {}
    }

    var isEmpty: Bool { head == nil }
    var last: RequestRecord? { tail }

    /// Adds a record at the end.
    func append(_ record: RequestRecord) {
        unsafe record.previous = tail
        if let tail { tail.next = record } else { head = record }
        tail = record
    }

    /// Takes the first record out.
    func popFirst() -> RequestRecord? {
        guard let first = head else { return nil }
        remove(first)
        return first
    }

    /// Takes out a record that is in the list.
    func remove(_ record: RequestRecord) {
        let previous = unsafe record.previous
        let next = record.next
        if let previous { previous.next = next } else { head = next }
        if let next { unsafe next.previous = previous } else { tail = previous }
        record.next = nil
        unsafe record.previous = nil
    }

    /// Finds the record of a request, from both ends at once: cancels come in either order.
    func find(_ request: WireRequest) -> RequestRecord? {
        var front = head
        var back = tail
        while let first = front, let last = back {
            if first.request === request { return first }
            if last.request === request { return last }
            if first === last || first.next === last { return nil }
            front = first.next
            back = unsafe last.previous
        }
        return nil
    }

    /// Takes out every record that matches.
    func removeAll(where matches: (RequestRecord) -> Bool, _ body: (RequestRecord) -> Void) {
        var next = head
        while let record = next {
            next = record.next
            if matches(record) {
                remove(record)
                body(record)
            }
        }
    }
}
