// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import VirtualUSB

@testable import usbpipe

@Suite struct PlanTests {
    @Test("The settings of zero, and one of them in its microframes") func zero() async throws {
        let result = try await runTool(["plan", "0525:a4a0", "--with", "0:1"], in: try .virtual())
        #expect(result.status == .success)
        #expect(
            result.text
                == """
                0525:a4a0 at 2-1, high speed, configuration 3
                periodic endpoints may take 100 us of the 125 us of a microframe

                SETTING  ENDPOINTS    WORST  SHARE  IN                MICROFRAME
                0:0                    0 us    0 %                    ................................|........
                0:1      0x82 0x02  20.6 us   17 %  2 of 8 microframes  #######.........................|........
                0:2      0x83 0x03  20.9 us   17 %  2 of 8 microframes  #######.........................|........

                together, 0:1:
                MICROFRAME    TAKEN  SHARE  MICROFRAME
                0-1         20.6 us   17 %  #######.........................|........
                2-7            0 us    0 %  ................................|........
                fit: 79 us are left in the fullest microframe

                """.replacing("IN                MICRO", with: "IN                  MICRO")
                .replacing("0 %                    ....", with: "0 %                      ...."))
    }

    @Test("Settings that do not fit together") func together() throws {
        let stream = EndpointLayout(
            EndpointDescriptor(
                address: 0x81, transferType: .isochronous, maximumPacketSize: 1_024, additionalTransactions: 2,
                interval: 1))
        let interfaces = (UInt8(0)...1).map { number in
            InterfaceLayout(
                number: number,
                alternateSettings: [0, 1].map { alternate in
                    AlternateSetting(
                        descriptor: InterfaceDescriptor(
                            number: number, alternateSetting: alternate, interfaceClass: .vendorSpecific),
                        endpoints: alternate == 0 ? [] : [stream])
                })
        }
        let device = DeviceDescription(
            id: DeviceID(rawValue: 1), path: "2-1", speed: .high,
            descriptor: DeviceDescriptor(vendorID: 1, productID: 2),
            configurations: [Configuration(interfaces: interfaces)], activeConfiguration: 1)
        let wanted = [try SettingName(parsing: "0:1"), try SettingName(parsing: "1:1")]
        #expect(try BusPlan(device, configuration: nil, with: [wanted[0]]).fits)
        let plan = try BusPlan(device, configuration: nil, with: wanted)
        #expect(!plan.fits)
        #expect(plan.text.contains("every       120.8 us   97 %  ################################|!!!!!!!.\n"))
        #expect(plan.text.hasSuffix("do not fit: they need 121 us of every microframe, 100 of 100 us are left\n"))
    }

    @Test(
        "What the device does not have is named",
        arguments: [
            (["--with", "0:9"], "no alternate setting 0:9"), (["--with", "7:0"], "no alternate setting 7:0"),
            (["--with", "0:1", "--with", "0:2"], "one alternate setting at a time"),
            (["--configuration", "9"], "no configuration 9"),
        ])
    func mistakes(arguments: [String], message: String) async throws {
        let result = try await runTool(["plan", "0525:a4a0"] + arguments, in: try .virtual())
        #expect(result.status == .badUsage)
        #expect(result.errors.contains(message))
    }

    @Test("Names of settings", arguments: ["", "1", "1:", ":1", "1:2:3", "256:0", "a:b", "-1:0"])
    func names(text: String) {
        #expect(throws: ArgumentError.self) { _ = try SettingName(parsing: text) }
    }
}
