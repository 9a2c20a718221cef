// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import NTKernel
import Win32

/// A status that is no success, thrown from where it is found to the function of the driver's interface.
struct Refusal: Error, Sendable {
    /// The status.
    var status: NTSTATUS

    init(_ status: NTSTATUS) { self.status = status }
    init(_ status: NTStatus) { self.status = status.rawValue }

    /// After a bug check that a handler took: the call returns without effect.
    static let bugCheck = Refusal(NTStatus.unsuccessful)
}

/// Does what a function of the driver's interface does, and gives the status that it returns.
func statusOf(_ body: () throws(Refusal) -> Void) -> NTSTATUS {
    do throws(Refusal) {
        try body()
        return NTStatus.success.rawValue
    } catch {
        return error.status
    }
}

/// The faults of a driver that are bug checks of the framework: 0x10D, WDF_VIOLATION.
enum Violation {
    static let code: UInt32 = 0x10D

    /// A pointer that has to be there is NULL (4).
    static func missingParameter(_ name: String, in function: String) -> Refusal {
        BugCheck(code, [4], in: function, "\(name) is NULL").report()
        return .bugCheck
    }

    /// A handle is NULL, was never given out, is of another kind or of an object that is gone (5).
    static func wrongHandle(_ handle: UnsafeRawPointer?, _ kind: ObjectKind, in function: String) -> Refusal {
        BugCheck(
            code, [5, UInt(bitPattern: handle), UInt(kind.rawValue)], in: function,
            unsafe handle == nil ? "the handle is NULL" : "the handle names no object of the kind that is wanted"
        ).report()
        return .bugCheck
    }

    /// A request is used against the rules (6): 1 no more stack locations, 2 no IRP, 3 already sent, 4 more information
    /// than there is room for, 5 not in a queue.
    static func request(_ subcode: UInt, _ request: RequestObject, in function: String, _ reason: String) -> Refusal {
        BugCheck(code, unsafe [6, subcode, UInt(bitPattern: request.handle)], in: function, reason).report()
        return .bugCheck
    }

    /// A thread takes a lock that it has (2).
    static func recursiveLock(_ object: FrameworkObject, in function: String) -> Refusal {
        BugCheck(
            code, unsafe [2, UInt(bitPattern: object.handle)], in: function, "the thread has the lock already"
        ).report()
        return .bugCheck
    }

    /// A lock is used against the rules (11): 0 the object has none, 1 the thread does not have it.
    static func lock(_ subcode: UInt, _ object: FrameworkObject, in function: String) -> Refusal {
        BugCheck(
            code, unsafe [0xB, UInt(bitPattern: object.handle), subcode], in: function,
            subcode == 0 ? "the object has no lock" : "the thread does not have the lock"
        ).report()
        return .bugCheck
    }

    /// An object is used against the rules (7).
    static func object(_ object: FrameworkObject, in function: String, _ reason: String) -> Refusal {
        BugCheck(code, unsafe [7, UInt(bitPattern: object.handle)], in: function, reason).report()
        return .bugCheck
    }
}

/// What a driver's handles name.
enum Handles {
    /// The object of a handle; a bug check of `function` when it names none of this type.
    static func object<Object: FrameworkObject>(
        _ handle: UnsafeMutableRawPointer?, _ type: Object.Type, _ kind: ObjectKind, in function: String
    ) throws(Refusal) -> Object {
        guard let object = unsafe HandleTable.shared.object(handle, as: type) else {
            throw unsafe Violation.wrongHandle(handle, kind, in: function)
        }
        return object
    }
}
