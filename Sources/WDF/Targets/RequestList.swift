// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where a request is at its target.
enum RequestPlace {
    /// Nowhere: it has not been sent, or has just ended.
    case none
    /// Kept until the target starts.
    case held
    /// Under way.
    case sent
    /// Under way, and sent without regard to the target's state: a stop does not wait for it.
    case ignoringState
}

/// Requests of one target in the order in which they came. Guarded by the target's lock.
///
/// A request is in one list at most, and links to its neighbours itself, so that no list needs memory.
struct RequestList {
    private(set) var first: RequestObject?
    // Sound: the list has the request.
    private unowned(unsafe) var last: RequestObject?

    var isEmpty: Bool { first == nil }

    mutating func append(_ request: RequestObject) {
        unsafe request.previous = unsafe last
        if let last = unsafe last { last.next = request } else { first = request }
        unsafe last = request
    }

    mutating func remove(_ request: RequestObject) {
        let next = request.next
        request.next = nil
        if let next {
            unsafe next.previous = unsafe request.previous
        } else {
            unsafe last = unsafe request.previous
        }
        if let previous = unsafe request.previous { previous.next = next } else { first = next }
        unsafe request.previous = nil
    }

    /// Calls `body` with each request, the first one first.
    func forEach(_ body: (RequestObject) -> Void) {
        var next = first
        while let request = next {
            next = request.next
            body(request)
        }
    }
}
