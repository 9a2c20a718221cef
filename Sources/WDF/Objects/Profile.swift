// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Synchronization
import Win32

/// Where the framework's documentation and its source disagree: which is followed.
public enum Profile: Int32, Sendable {
    /// The source.
    case framework = 0
    /// The documentation.
    case documented = 1

    private static let setting = Atomic<Int32>(0)
    /// A thread's own setting plus one; 0 for none.
    private static let own = ThreadKey()

    /// The one that is followed: the calling thread's own, else the process's, which is that of the source at first.
    /// Setting it sets the process's.
    public static var current: Profile {
        get {
            let own = own.value
            let value = own == 0 ? setting.load(ordering: .relaxed) : Int32(truncatingIfNeeded: own) - 1
            return Profile(rawValue: value) ?? .framework
        }
        set { setting.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// Runs `body` with a profile of the calling thread's own, whatever the process's is.
    public static func with<Value, Failure: Error>(
        _ profile: Profile, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let before = own.value
        own.value = UInt(profile.rawValue) + 1
        defer { own.value = before }
        return try body()
    }
}

/// The framework's verifier, which checks levels and formats that are otherwise taken on trust. Off at first.
public enum Verifier {
    private static let setting = Atomic<Bool>(false)
    /// A thread's own setting: 0 for none, 1 for off, 2 for on.
    private static let own = ThreadKey()

    /// Whether it is on: as the calling thread's own setting says, else as the process's. Setting it sets the process's.
    public static var isOn: Bool {
        get {
            let own = own.value
            return own == 0 ? setting.load(ordering: .relaxed) : own == 2
        }
        set { setting.store(newValue, ordering: .relaxed) }
    }

    /// Runs `body` with a setting of the calling thread's own, whatever the process's is.
    public static func with<Value, Failure: Error>(
        _ isOn: Bool, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let before = own.value
        own.value = isOn ? 2 : 1
        defer { own.value = before }
        return try body()
    }

    /// Refuses a call that waits, where it is looked at: with the verifier on, or as the documentation has it.
    static func requirePassive() throws(Refusal) {
        guard isOn || Profile.current == .documented else { return }
        if InterruptLevel.current != InterruptLevel.passive { throw Refusal(NTStatus.invalidDeviceRequest) }
    }
}
