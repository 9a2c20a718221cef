// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import USBSpecification
import VirtualUSB

@testable import USBDriverKit

@Suite("Settings, policies and descriptors of pipes")
struct PipePolicyTests {
    @Test("23: an alternate setting ends what is under way, and the old pipes are dead")
    func alternateSetting() throws {
        try Dext.run { dext in
            let old = try dext.pipe(DextDevice.isochronousOut)
            let ends = Ends<kern_return_t>(dext)
            func play(_ pipe: IOUSBHostPipe, _ action: OSAction?) throws -> kern_return_t {
                pipe.IsochIO(
                    dataBuffer: nil, frameList: try dext.list([Int](repeating: 0, count: 8)), firstFrameNumber: 0,
                    completion: action)
            }
            for _ in 0..<8 { #expect(try play(old, dext.action(ends)) == kIOReturnSuccess) }
            #expect(dext.interfaces[1].SelectAlternateSetting(bAlternateSetting: 1) == kIOReturnSuccess)
            #expect(ends.wait(for: 8).contains(kIOReturnAborted))
            #expect(try play(old, nil) == kIOReturnNoDevice)
            let new = try dext.pipe(DextDevice.isochronousOut)
            #expect(new !== old)
            #expect(try play(new, nil) == kIOReturnSuccess)
            #expect(try dext.pipe(DextDevice.isochronousOut) === new)
            #expect(ends.all.count == 8)
        }
    }

    @Test("23: a setting that the device has not changes nothing, and one for which the bus has no time says so")
    func refusedSettings() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            #expect(dext.interfaces[1].SelectAlternateSetting(bAlternateSetting: 7) == kIOReturnNotFound)
            #expect(try dext.pipe(DextDevice.isochronousOut) === pipe)
            #expect(dext.interfaces[1].SelectAlternateSetting(bAlternateSetting: 2) == kIOReturnNoBandwidth)
            #expect(dext.interfaces[1].SelectAlternateSetting(bAlternateSetting: 0) == kIOReturnSuccess)
            var gone: IOUSBHostPipe?
            #expect(
                dext.interfaces[1].CopyPipe(address: DextDevice.isochronousOut, pipe: &gone) == kIOReturnNotFound)
        }
    }

    @Test("descriptors are those of the endpoint", arguments: [Speed.full, .high, .superSpeed])
    func descriptors(_ speed: Speed) throws {
        try Dext.run(DextDevice.Layout(speed: speed, bInterval: 2, packetSize: 400)) { dext in
            var found = IOUSBStandardEndpointDescriptors()
            let pipe = try dext.pipe(DextDevice.isochronousIn)
            #expect(
                pipe.GetDescriptors(descriptors: &found, type: kIOUSBGetEndpointDescriptorOriginal) == kIOReturnSuccess)
            #expect(found.bcdUSB == (speed == .superSpeed ? 0x0300 : 0x0200))
            #expect(found.descriptor.bLength == 7 && found.descriptor.bDescriptorType == 5)
            #expect(found.descriptor.bEndpointAddress == DextDevice.isochronousIn)
            #expect(found.descriptor.bmAttributes & 3 == 1)
            #expect(found.descriptor.wMaxPacketSize == 400 && found.descriptor.bInterval == 2)
            #expect(found.ssCompanionDescriptor.bLength == (speed == .superSpeed ? 6 : 0))
            #expect(found.ssCompanionDescriptor.wBytesPerInterval == (speed == .superSpeed ? 400 : 0))
            #expect(found.sspCompanionDescriptor.bLength == 0)
            #expect(
                pipe.GetDescriptors(descriptors: &found, type: IOUSBGetEndpointDescriptorOptions(rawValue: 2))
                    == kIOReturnBadArgument)
        }
    }

    @Test("AdjustPipe limits what a frame list can ask for, and can take that back")
    func adjusting() throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            var original = IOUSBStandardEndpointDescriptors()
            pipe.GetDescriptors(descriptors: &original, type: kIOUSBGetEndpointDescriptorOriginal)
            func play(_ size: Int) throws -> kern_return_t {
                pipe.IsochIO(
                    dataBuffer: try dext.buffer(count: size), frameList: try dext.list([size]), firstFrameNumber: 0,
                    completion: nil)
            }
            var changed = original
            changed.descriptor.wMaxPacketSize = 100
            #expect(pipe.AdjustPipe(descriptors: changed) == kIOReturnSuccess)
            #expect(try play(101) == kIOReturnBadArgument)
            #expect(try play(100) == kIOReturnSuccess)
            var current = IOUSBStandardEndpointDescriptors()
            pipe.GetDescriptors(descriptors: &current, type: kIOUSBGetEndpointDescriptorCurrentPolicy)
            #expect(current.descriptor.wMaxPacketSize == 100)
            pipe.GetDescriptors(descriptors: &current, type: kIOUSBGetEndpointDescriptorOriginal)
            #expect(current.descriptor.wMaxPacketSize == 192)
            #expect(pipe.AdjustPipe(descriptors: original) == kIOReturnSuccess)
            #expect(try play(192) == kIOReturnSuccess)
        }
    }

    @Test("AdjustPipe refuses more than there was, other changes and unknown revisions")
    func refusedAdjustments() throws {
        try Dext.run(.full) { dext in
            let pipe = try dext.pipe(DextDevice.isochronousOut)
            var original = IOUSBStandardEndpointDescriptors()
            pipe.GetDescriptors(descriptors: &original, type: kIOUSBGetEndpointDescriptorOriginal)
            let changes: [(inout IOUSBStandardEndpointDescriptors) -> Void] = [
                { $0.descriptor.wMaxPacketSize = 193 }, { $0.descriptor.bInterval = 2 },
                { $0.descriptor.bEndpointAddress = 0x83 }, { $0.descriptor.bmAttributes = 3 }, { $0.bcdUSB = 0x0201 },
                { $0.ssCompanionDescriptor.bLength = 6 },
            ]
            for change in changes {
                var changed = original
                change(&changed)
                #expect(pipe.AdjustPipe(descriptors: changed) == kIOReturnBadArgument)
            }
            #expect(try dext.pipe(DextDevice.bulkIn).AdjustPipe(descriptors: original) == kIOReturnUnsupported)
        }
    }

    @Test("idle policies are kept, but for pipes that are never idle")
    func idlePolicies() throws {
        try Dext.run { dext in
            let pipe = try dext.pipe(DextDevice.bulkIn)
            var time: UInt32 = 9
            #expect(pipe.GetIdlePolicy(idleTimeoutMs: &time) == kIOReturnSuccess && time == 0)
            #expect(pipe.SetIdlePolicy(idleTimeoutMs: 80) == kIOReturnSuccess)
            #expect(pipe.GetIdlePolicy(idleTimeoutMs: &time) == kIOReturnSuccess && time == 80)
            #expect(dext.interfaces[0].SetIdlePolicy(deviceIdleTimeout: 100) == kIOReturnSuccess)
            #expect(dext.interfaces[0].GetIdlePolicy(deviceIdleTimeout: &time) == kIOReturnSuccess && time == 100)
            #expect(dext.interfaces[1].GetIdlePolicy(deviceIdleTimeout: &time) == kIOReturnSuccess && time == 0)
            #expect(try dext.pipe(DextDevice.isochronousIn).SetIdlePolicy(idleTimeoutMs: 1) == kIOReturnUnsupported)
            #expect(try dext.pipe(DextDevice.isochronousIn).GetIdlePolicy(idleTimeoutMs: &time) == kIOReturnUnsupported)
        }
    }
}
