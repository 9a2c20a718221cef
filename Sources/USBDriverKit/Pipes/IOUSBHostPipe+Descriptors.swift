// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost
import USBSpecification

/// The descriptors of a pipe, and what it takes of the bus.
extension IOUSBHostPipe {
    /// Gives the endpoint's descriptors: those that the pipe was made with, or as AdjustPipe has changed them.
    ///
    /// A companion that the endpoint has not is all zero. Returns kIOReturnBadArgument for another `type`.
    @discardableResult
    public func GetDescriptors(
        descriptors: inout IOUSBStandardEndpointDescriptors, type: IOUSBGetEndpointDescriptorOptions
    ) -> kern_return_t {
        let layout: EndpointLayout
        switch type {
        case kIOUSBGetEndpointDescriptorOriginal: layout = self.layout
        case kIOUSBGetEndpointDescriptorCurrentPolicy: layout = lock.withLock { adjusted }
        default: return kIOReturnBadArgument
        }
        descriptors = IOUSBStandardEndpointDescriptors(layout, revision: revision)
        return kIOReturnSuccess
    }

    /// Changes how much of each service interval a periodic pipe may use: less than its descriptors say, or as much again.
    ///
    /// Take the descriptors with `GetDescriptors`, make `wMaxPacketSize` smaller, or at SuperSpeed the companion's burst or
    /// bytes, and hand them in. A frame list can then ask for no more. What the bus has reserved with the alternate setting
    /// stays reserved: the wires of this library reserve for whole settings.
    ///
    /// Returns kIOReturnUnsupported on a bulk pipe; kIOReturnBadArgument for a `bcdUSB` other than 0x0110, 0x0200, 0x0300
    /// and 0x0310, a change of anything but sizes, and sizes beyond the original ones or of no sense.
    public func AdjustPipe(descriptors: IOUSBStandardEndpointDescriptors) -> kern_return_t {
        guard info.type == .isochronous || info.type == .interrupt else { return kIOReturnUnsupported }
        guard [0x0110, 0x0200, 0x0300, 0x0310].contains(descriptors.bcdUSB),
            let changed = EndpointLayout(descriptors, from: layout),
            changed.descriptor.address == layout.descriptor.address,
            changed.descriptor.attributes == layout.descriptor.attributes,
            changed.descriptor.interval == layout.descriptor.interval,
            changed.descriptor.maximumPacketSize <= layout.descriptor.maximumPacketSize,
            let limit = try? changed.maximumBytesPerInterval(at: info.speed),
            limit <= info.maximumBytesPerInterval
        else { return kIOReturnBadArgument }
        lock.withLock {
            adjusted = changed
            intervalLimit = limit
        }
        return kIOReturnSuccess
    }

    /// The revision that descriptors are given with: the highest one known here that is not above the device's.
    private var revision: UInt16 {
        let device = self.device.engine.description.descriptor.usbRelease.rawValue
        return [0x0310, 0x0300, 0x0200].first { $0 <= device } ?? 0x0110
    }
}

extension IOUSBStandardEndpointDescriptors {
    init(_ layout: EndpointLayout, revision: UInt16) {
        let endpoint = layout.descriptor
        self.init()
        bcdUSB = revision
        descriptor = IOUSBEndpointDescriptor(
            bLength: 7, bDescriptorType: 5, bEndpointAddress: endpoint.address.rawValue,
            bmAttributes: endpoint.attributes.rawValue, wMaxPacketSize: endpoint.wMaxPacketSize.littleEndian,
            bInterval: endpoint.interval)
        if let companion = layout.companion {
            ssCompanionDescriptor = IOUSBSuperSpeedEndpointCompanionDescriptor(
                bLength: 6, bDescriptorType: 48, bMaxBurst: companion.maxBurst, bmAttributes: companion.attributes,
                wBytesPerInterval: companion.bytesPerInterval.littleEndian)
        }
        if let companion = layout.isochronousCompanion {
            sspCompanionDescriptor = IOUSBSuperSpeedPlusIsochronousEndpointCompanionDescriptor(
                bLength: 8, bDescriptorType: 49, wReserved: 0,
                dwBytesPerInterval: companion.bytesPerInterval.littleEndian)
        }
    }
}

extension EndpointLayout {
    /// The layout of an endpoint that differs from `original` in what the descriptors say; nil when they lack a companion
    /// that the endpoint has, or have one that it has not.
    fileprivate init?(_ descriptors: IOUSBStandardEndpointDescriptors, from original: EndpointLayout) {
        self = original
        descriptor.address = EndpointAddress(rawValue: descriptors.descriptor.bEndpointAddress)
        descriptor.attributes = EndpointAttributes(rawValue: descriptors.descriptor.bmAttributes)
        descriptor.wMaxPacketSize = UInt16(littleEndian: descriptors.descriptor.wMaxPacketSize)
        descriptor.interval = descriptors.descriptor.bInterval
        guard (companion != nil) == (descriptors.ssCompanionDescriptor.bLength != 0),
            (isochronousCompanion != nil) == (descriptors.sspCompanionDescriptor.bLength != 0)
        else { return nil }
        companion?.maxBurst = descriptors.ssCompanionDescriptor.bMaxBurst
        companion?.attributes = descriptors.ssCompanionDescriptor.bmAttributes
        companion?.bytesPerInterval = UInt16(littleEndian: descriptors.ssCompanionDescriptor.wBytesPerInterval)
        isochronousCompanion?.bytesPerInterval = UInt32(
            littleEndian: descriptors.sspCompanionDescriptor.dwBytesPerInterval)
    }
}
