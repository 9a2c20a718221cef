// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What kinds of objects there are; the numbers are those that a bug check for a wrong handle names (FX_OBJECT_TYPES of
/// the framework's source).
public enum ObjectKind: UInt16, Sendable {
    /// Any object.
    case any = 0x1000
    /// WDFDRIVER
    case driver = 0x1001
    /// WDFDEVICE
    case device = 0x1002
    /// WDFQUEUE
    case queue = 0x1003
    /// WDFREQUEST
    case request = 0x1008
    /// WDFMEMORY
    case memory = 0x100A
    /// An object of WdfObjectCreate.
    case general = 0x100C
    /// WDFFILEOBJECT
    case fileObject = 0x1018
    /// A WDFMEMORY whose bytes can be exchanged. No object says that it is of this kind.
    case preallocatedMemory = 0x1022
    /// WDFWAITLOCK
    case waitLock = 0x1023
    /// WDFSPINLOCK
    case spinLock = 0x1024
    /// WDFWORKITEM
    case workItem = 0x1025
    /// WDFIOTARGET
    case ioTarget = 0x1200
    /// WDFUSBDEVICE
    case usbDevice = 0x1202
    /// WDFUSBPIPE
    case usbPipe = 0x1203
    /// WDFUSBINTERFACE
    case usbInterface = 0x1204

    /// Whether a driver may delete an object of this kind. Of the others the framework itself disposes.
    var isDeletable: Bool {
        switch self {
        case .driver, .device, .ioTarget, .usbPipe, .usbInterface: false
        default: true
        }
    }

    /// Whether objects of this kind end at PASSIVE_LEVEL, whatever level deleting them is asked for at: what goes on in
    /// them is waited for.
    var endsAtPassive: Bool {
        switch self {
        case .driver, .device, .queue, .workItem, .ioTarget, .usbDevice, .usbPipe: true
        default: false
        }
    }
}
