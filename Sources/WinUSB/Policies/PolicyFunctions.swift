// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// The names are those of the headers.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
import USBHost
import USBSpecification
import Win32

/// Sets a policy of a pipe, for what begins afterwards (WinUsb_SetPipePolicy function, winusb.h). Pipe 0 is the control
/// pipe. A policy that does not concern the pipe has no effect.
///
/// Fails with ERROR_INVALID_HANDLE (6), and ERROR_INVALID_PARAMETER (87) for a wrong length, NULL, no such pipe, no such
/// policy, or MAXIMUM_TRANSFER_SIZE.
@c @implementation
public func WinUsb_SetPipePolicy(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR, _ PolicyType: ULONG, _ ValueLength: ULONG,
    _ Value: PVOID!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let value = unsafe Value, let place = PolicyPlace(PipeID, of: object),
        let kind = place.policies.value(of: PolicyType, place.type, at: object.file.device.speed),
        let new = unsafe kind.read(ValueLength, value), place.set(PolicyType, to: new)
    else { return failure(SystemError.invalidParameter) }
    return 1
}

/// Tells a policy of a pipe (WinUsb_GetPipePolicy function, winusb.h). Pipe 0 is the control pipe.
///
/// `ValueLength` holds the room at `Value`, and the length of the policy afterwards. Fails with
/// ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL, no such pipe or no such policy, and
/// ERROR_INSUFFICIENT_BUFFER (122).
@c @implementation
public func WinUsb_GetPipePolicy(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PipeID: UCHAR, _ PolicyType: ULONG, _ ValueLength: PULONG!,
    _ Value: PVOID!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let value = unsafe Value, let length = unsafe ValueLength, let place = PolicyPlace(PipeID, of: object),
        let policy = place.policies.value(of: PolicyType, place.type, at: object.file.device.speed)
    else { return failure(SystemError.invalidParameter) }
    let code = unsafe policy.write(length, value)
    return code == 0 ? 1 : failure(code)
}

/// Sets a power policy of an interface (WinUsb_SetPowerPolicy function, winusb.h). It is remembered and has no effect.
///
/// Fails with ERROR_INVALID_HANDLE (6), and ERROR_INVALID_PARAMETER (87) for a wrong length, NULL, or no such policy.
@c @implementation
public func WinUsb_SetPowerPolicy(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PolicyType: ULONG, _ ValueLength: ULONG, _ Value: PVOID!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let value = unsafe Value, let kind = object.powerPolicies.value(of: PolicyType),
        let new = unsafe kind.read(ValueLength, value), object.powerPolicies.set(PolicyType, to: new)
    else { return failure(SystemError.invalidParameter) }
    return 1
}

/// Tells a power policy of an interface (WinUsb_GetPowerPolicy function, winusb.h).
///
/// `ValueLength` holds the room at `Value`, and the length of the policy afterwards. Fails with
/// ERROR_INVALID_HANDLE (6), ERROR_INVALID_PARAMETER (87) for NULL or no such policy, and
/// ERROR_INSUFFICIENT_BUFFER (122).
@c @implementation
public func WinUsb_GetPowerPolicy(
    _ InterfaceHandle: WINUSB_INTERFACE_HANDLE!, _ PolicyType: ULONG, _ ValueLength: PULONG!, _ Value: PVOID!
) -> BOOL {
    guard let object = unsafe InterfaceObject.named(by: InterfaceHandle) else {
        return failure(SystemError.invalidHandle)
    }
    guard let value = unsafe Value, let length = unsafe ValueLength,
        let policy = object.powerPolicies.value(of: PolicyType)
    else { return failure(SystemError.invalidParameter) }
    let code = unsafe policy.write(length, value)
    return code == 0 ? 1 : failure(code)
}

/// Where the policies of a pipe are: with the pipe, or with the interface for the control pipe.
private struct PolicyPlace {
    private let object: InterfaceObject
    private let pipe: PipeObject?

    /// Nil when there is no such pipe.
    init?(_ address: UCHAR, of object: InterfaceObject) {
        self.object = object
        pipe = object.pipe(address)
        if pipe == nil, !PipeObject.isControl(address) { return nil }
    }

    var type: TransferType { pipe?.info.type ?? .control }

    var policies: PipePolicies { pipe?.policies ?? object.controlPolicies }

    /// Sets a policy. Returns false for one that cannot be set.
    func set(_ policy: ULONG, to value: PolicyValue) -> Bool {
        if let pipe { return pipe.policies.set(policy, to: value) }
        return object.controlPolicies.set(policy, to: value)
    }
}
