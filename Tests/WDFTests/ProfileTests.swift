// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Testing

@testable import WDF

@Suite("Profiles")
struct ProfileTests {
    @Test("The source's profile is followed until the other is set")
    func first() {
        #expect(Profile.current == .framework)
        #expect(!Verifier.isOn)
        #expect(SwiftUsbGetWdfProfile() == SwiftUsbWdfFramework)
    }

    @Test("A thread's own profile and verifier hold for so long as it says, one within another")
    func own() {
        Profile.with(.documented) {
            #expect(SwiftUsbGetWdfProfile() == SwiftUsbWdfDocumented)
            Profile.with(.framework) { #expect(Profile.current == .framework) }
            #expect(Profile.current == .documented)
        }
        #expect(Profile.current == .framework)
        Verifier.with(true) {
            #expect(Verifier.isOn)
            Verifier.with(false) { #expect(!Verifier.isOn) }
            #expect(Verifier.isOn)
        }
        #expect(!Verifier.isOn)
    }

    @Test("A profile of no such number changes nothing")
    func unknown() {
        SwiftUsbSetWdfProfile(SwiftUsbWdfProfile(rawValue: 7))
        #expect(Profile.current == .framework)
        SwiftUsbSetWdfProfile(SwiftUsbWdfFramework)
        SwiftUsbSetWdfVerifier(0)
        #expect(Profile.current == .framework && !Verifier.isOn)
    }
}
