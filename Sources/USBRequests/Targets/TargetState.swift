// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import USBHost
import USBSpecification
import Win32

/// A configuration that a driver has a USBD_CONFIGURATION_HANDLE for.
final class ConfigurationToken: HandleObject, @unchecked Sendable {}

/// An interface that a driver has a USBD_INTERFACE_HANDLE for, with its pipes.
@safe final class TargetInterface: HandleObject, @unchecked Sendable {
    let interface: Interface
    let handle: UnsafeMutableRawPointer?
    private(set) var pipes: [TargetPipe] = []

    private final class Token: HandleObject, @unchecked Sendable {}

    init(_ interface: Interface) {
        self.interface = interface
        unsafe handle = unsafe HandleTable.shared.insert(Token())
        super.init()
    }

    /// Opens the pipes of the selected setting.
    func openPipes(of target: USBTarget) throws(USBError) {
        closePipes()
        for endpoint in interface.alternateSetting.endpoints {
            pipes.append(TargetPipe(try interface.pipe(endpoint.descriptor.address), of: target))
        }
    }

    func closePipes() {
        for pipe in pipes { pipe.close() }
        pipes = []
    }

    /// Gives the interface back. Blocks.
    func close() {
        closePipes()
        unsafe HandleTable.shared.remove(handle, as: HandleObject.self)
        interface.device.blocking.release(interface)
    }
}

/// What a driver has selected.
@safe final class TargetState: @unchecked Sendable {
    /// Held while something is being selected, by one thread at a time.
    let selection = Lock()

    private let lock = Lock()
    private var handle: UnsafeMutableRawPointer?
    private var interfaces: [TargetInterface] = []

    /// The pipes of the selected settings.
    var allPipes: [TargetPipe] { lock.withLock { interfaces.flatMap(\.pipes) } }

    /// Takes everything out.
    func take() -> [TargetInterface] {
        lock.withLock {
            unsafe HandleTable.shared.remove(handle, as: ConfigurationToken.self)
            unsafe handle = nil
            defer { interfaces = [] }
            return interfaces
        }
    }

    /// Takes a selected configuration in, and returns its handle.
    func put(_ selected: [TargetInterface]) -> UnsafeMutableRawPointer? {
        unsafe lock.withLock {
            interfaces = selected
            unsafe handle = unsafe HandleTable.shared.insert(ConfigurationToken())
            return unsafe handle
        }
    }

    /// The interface with this number, if the handle is that of the configuration.
    func interface(_ number: UInt8, of configuration: UnsafeMutableRawPointer?) -> TargetInterface?? {
        lock.withLock {
            guard unsafe handle != nil, unsafe handle == configuration else { return .none }
            return .some(interfaces.first { $0.interface.number == number })
        }
    }
}
