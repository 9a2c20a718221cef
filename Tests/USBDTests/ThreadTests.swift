// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBD
import USBHost
import USBRequests
import VirtualUSB

@Suite("requests and threads")
struct ThreadTests {
    @Test("a request that another thread cancels ends once: done, or cancelled", arguments: [UInt8(0x01), 0x81])
    func cancelRace(endpoint: UInt8) throws {
        try Driver.run(GadgetZero(), flow: .free, selecting: 0) { driver, _ in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
            defer { unsafe memory.deallocate() }
            let block = unsafe try driver.allocate()
            for _ in 0..<100 {
                unsafe driver.fill(block, endpoint, memory, flags: USBD_SHORT_TRANSFER_OK)
                let request = unsafe try OwnRequest(driver, block)
                let isDone = BusEvent(on: driver.bus.executor)
                let bus = driver.bus
                startThread(name: "canceller") {
                    ProcessHost.withHost(bus) { request.cancel() }
                    isDone.set()
                }
                request.call()
                let status = request.wait()
                #expect(status == 0 || status == STATUS_CANCELLED)
                _ = BusEvent.wait(for: [isDone], on: bus.executor)
                #expect(request.completionCount == 1)
            }
            unsafe driver.free(unsafe block)
        }
    }

    @Test("a completion routine submits the next block, until all have gone")
    func resubmission() throws {
        try Driver.run(GadgetZero(), flow: .free, selecting: 0) { driver, device in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
            defer { unsafe memory.deallocate() }
            let block = unsafe try driver.allocate()
            unsafe driver.fill(block, 0x01, memory)
            let request = unsafe try OwnRequest(driver, block)
            request.repetitions = 50
            request.call()
            #expect(request.wait() == 0)
            #expect(request.completionCount == 51)
            unsafe driver.free(unsafe block)
        }
    }
}
