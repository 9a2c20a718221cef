// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import LinuxUSB
import Testing
import USBHost
import USBSpecification

/// Unplugs a device in the middle of what `start` gives to be done again and again, and plugs it in again: the work ends
/// with the device, the bus tells of both, and nothing of the device stays open.
///
/// Returns the number of times that the work was done.
@discardableResult
func checkUnplug(
    of name: String, _ start: @escaping @Sendable (Device) async throws -> @Sendable () async throws -> Void
) async throws -> Int {
    let bus = try LinuxBus()
    let before = try await Lab.description(of: name, on: bus)
    let events = bus.events.stream()
    let done = Counter()
    let worker = Task { () async -> (any Error)? in
        do {
            let device = try bus.open(before)
            let work = try await start(device)
            while true {
                do {
                    try await work()
                    done.next()
                } catch let error as USBError where error.isBusError {
                    // The plug is out, and the hub has not told yet.
                    continue
                }
            }
        } catch {
            return error
        }
    }
    try await eventually { done.value > 2 }
    try await Lab.command("lab-unplug", name)
    let error = await worker.value as? USBError
    #expect(error?.kind == .deviceGone, "\(String(describing: error))")

    var iterator = events.makeAsyncIterator()
    let left = await iterator.next()
    guard case .left(let id)? = left, id == before.id else {
        Issue.record("not seen to leave: \(String(describing: left))")
        return done.value
    }
    try await eventually { try Lab.openDeviceFiles().isEmpty }
    let refusal = #expect(throws: USBError.self) { _ = try bus.open(before) }
    #expect(refusal?.kind == .notFound)

    try await Lab.command("lab-plug", name)
    let arrived = await iterator.next()
    guard case .arrived(let after)? = arrived else {
        Issue.record("not seen to arrive: \(String(describing: arrived))")
        return done.value
    }
    #expect(after.id != before.id)
    #expect(after.descriptor == before.descriptor)
    // Its drivers come first, or they would come in between.
    #expect(try await Lab.path(of: name) == after.path)
    #expect(try await bus.open(after).string(after.descriptor.productString) == before.product)
    Lab.tell("\(name) unplugged after \(done.value) rounds of work, and back as \(after.path)")
    return done.value
}

extension USBError {
    fileprivate var isBusError: Bool {
        if case .bus = kind { true } else { false }
    }
}
#endif
