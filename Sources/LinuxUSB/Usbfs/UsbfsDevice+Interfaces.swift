// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import CLinuxUSB
import USBHost
import USBSpecification

/// Claims, and the drivers of the system that give way to them.
extension UsbfsDevice {
    func claim(interface: UInt8, detach: Bool) throws(USBError) {
        var number = UInt32(interface)
        var result: Int32
        let driver = detach ? boundDriver(of: interface) : nil
        let shared = driver.map { interfacesShared(with: interface, by: $0) } ?? []
        if detach {
            var claim = usbdevfs_disconnect_claim()
            claim.interface = number
            // Whoever uses it through usbfs is a program like this one and is not thrown out.
            claim.flags = UInt32(USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER)
            unsafe withUnsafeMutableBytes(of: &claim.driver) { unsafe $0.copyBytes(from: Array("usbfs".utf8)) }
            result = unsafe system.control(file, CLINUXUSB_DISCONNECT_CLAIM, &claim)
            if result == -ENOTTY {
                // Older kernels do it in two steps.
                let isDetached = driver != nil && interfaceCall(CLINUXUSB_DISCONNECT, interface) >= 0
                result = unsafe system.control(file, CLINUXUSB_CLAIMINTERFACE, &number)
                // In between somebody else was quicker, or the claim is not allowed.
                if result < 0, isDetached { _ = interfaceCall(CLINUXUSB_CONNECT, interface) }
            }
        } else {
            result = unsafe system.control(file, CLINUXUSB_CLAIMINTERFACE, &number)
        }
        guard result < 0 else {
            if driver != nil { lock.withLock { detached[interface] = shared } }
            return
        }
        let code = ErrorCode(result: result)
        guard code.number == EBUSY else { throw code.error("cannot claim interface \(interface)") }
        let owner = boundDriver(of: interface) ?? boundDriver(of: interface, ofPrograms: true)
        switch owner {
        case nil: throw code.error("interface \(interface) is in use")
        case "usbfs"?: throw code.error("another program has claimed interface \(interface)")
        case let name?:
            throw code.error(
                "the driver \(name) of the system has interface \(interface)",
                hint: detach
                    ? "" : "detach it for the time of the claim: claim(_:detachingDriver:), or --detach of usbpipe")
        }
    }

    func release(interface: UInt8) {
        var number = UInt32(interface)
        _ = unsafe system.control(file, CLINUXUSB_RELEASEINTERFACE, &number)
        guard let shared = lock.withLock({ detached.removeValue(forKey: interface) }) else { return }
        let free = shared.sorted().filter { boundDriver(of: $0, ofPrograms: true) != "usbfs" }
        // With one interface gone, the driver has given up on all of them, even those that it still holds. It takes them
        // together when it is offered the one by which it knows the device.
        for number in free where number != interface && boundDriver(of: number) != nil {
            _ = interfaceCall(CLINUXUSB_DISCONNECT, number)
        }
        for number in free { _ = interfaceCall(CLINUXUSB_CONNECT, number) }
    }

    /// The interface, and those others that a driver uses together with it: drivers for sound, video and communications
    /// do. Others have a use of their own for each, which goes on undisturbed.
    private func interfacesShared(with interface: UInt8, by driver: String) -> Set<UInt8> {
        let configuration = description.configurations.first { $0.value == description.activeConfiguration }
        let spanning: Set<UInt8> = [0x01, 0x02, 0x0A, 0x0E]
        let candidates = (configuration?.interfaces ?? []).filter { layout in
            layout.alternateSettings.contains { spanning.contains($0.descriptor.interfaceClass.base) }
        }.map(\.number)
        guard candidates.contains(interface) else { return [interface] }
        let before = lock.withLock { detached.values.filter { $0.contains(interface) } }
        return before.reduce(into: Set([interface])) { $0.formUnion($1) }
            .union(candidates.filter { boundDriver(of: $0) == driver })
    }

    /// The driver that has an interface; nil for none, and for a program's claim unless `ofPrograms`.
    private func boundDriver(of interface: UInt8, ofPrograms: Bool = false) -> String? {
        var query = usbdevfs_getdriver()
        query.interface = UInt32(interface)
        guard unsafe system.control(file, CLINUXUSB_GETDRIVER, &query) >= 0 else { return nil }
        let name = unsafe withUnsafeBytes(of: query.driver) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return name == "usbfs" && !ofPrograms ? nil : name
    }

    /// A call that the kernel passes on to an interface's driver.
    private func interfaceCall(_ request: UInt, _ interface: UInt8) -> Int32 {
        let code = Int32(truncatingIfNeeded: request)
        var call = unsafe usbdevfs_ioctl(ifno: Int32(interface), ioctl_code: code, data: nil)
        return unsafe system.control(file, CLINUXUSB_IOCTL, &call)
    }

    /// Gives up, for good, what an open file may do beyond the interfaces in `mask`.
    func dropPrivileges(keeping interfaces: Set<UInt8>) throws(USBError) {
        guard abilities.contains(.dropPrivileges) else {
            throw USBError(.unsupported, message: "this kernel cannot drop privileges on a device")
        }
        var mask = interfaces.reduce(into: UInt32(0)) { if $1 < 32 { $0 |= 1 << UInt32($1) } }
        let result = unsafe system.control(file, CLINUXUSB_DROP_PRIVILEGES, &mask)
        guard result >= 0 else { throw ErrorCode(result: result).error("cannot drop privileges") }
    }
}
#endif
