// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Testing

@testable import LinuxUSB

@Suite("Device messages")
struct DeviceMessageTests {
    static func kernel(_ pairs: String...) -> [UInt8] {
        Array("add@/devices/pci0000:00/usb1/1-2".utf8) + [0] + pairs.reduce(into: []) { $0 += Array($1.utf8) + [0] }
    }

    /// The device manager's form: its header, then the pairs.
    static func manager(_ pairs: String..., offset: Int = 40) -> [UInt8] {
        let body: [UInt8] = pairs.reduce(into: []) { $0 += Array($1.utf8) + [0] }
        // In the order of this machine.
        func word(_ value: Int) -> [UInt8] {
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return UInt16(1).littleEndian == 1 ? bytes : bytes.reversed()
        }
        let head = Array("libudev".utf8) + [0] + [0xfe, 0xed, 0xca, 0xfe] + word(40) + word(offset) + word(body.count)
        return head + [UInt8](repeating: 0, count: 40 - head.count) + body
    }

    @Test("A message of the kernel names the device and what happened")
    func ofTheKernel() {
        let message = DeviceMessage(
            DeviceMessageTests.kernel(
                "ACTION=add", "DEVPATH=/devices/pci0000:00/usb1/1-2", "SUBSYSTEM=usb", "DEVTYPE=usb_device"))
        #expect(message?.action == .add)
        #expect(message?.name == "1-2")
    }

    @Test("A message of the device manager is read behind its header")
    func ofTheManager() {
        let message = DeviceMessage(
            DeviceMessageTests.manager(
                "ACTION=remove", "DEVPATH=/devices/x/1-2.3", "SUBSYSTEM=usb", "DEVTYPE=usb_device"))
        #expect(message?.action == .remove)
        #expect(message?.name == "1-2.3")
    }

    @Test("Messages about anything else are left out")
    func others() {
        let interface = DeviceMessageTests.kernel(
            "ACTION=add", "DEVPATH=/devices/usb1/1-2/1-2:1.0", "SUBSYSTEM=usb", "DEVTYPE=usb_interface")
        #expect(DeviceMessage(interface) == nil)
        let disk = DeviceMessageTests.kernel("ACTION=add", "DEVPATH=/devices/sda", "SUBSYSTEM=block", "DEVTYPE=disk")
        #expect(DeviceMessage(disk) == nil)
    }

    @Test("Malformed messages are left out, whatever their length")
    func malformed() {
        let whole = DeviceMessageTests.manager(
            "ACTION=add", "DEVPATH=/devices/x/1-2", "SUBSYSTEM=usb", "DEVTYPE=usb_device")
        for length in 0..<whole.count - 1 { #expect(DeviceMessage(Array(whole.prefix(length))) == nil) }
        #expect(DeviceMessage(DeviceMessageTests.manager("ACTION=add", offset: 1 << 30)) == nil)
        #expect(DeviceMessage([UInt8](repeating: 0xff, count: 100)) == nil)
        #expect(DeviceMessage([UInt8](repeating: 0, count: 100)) == nil)
    }
}
#endif
