// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB

/// The value of a policy, as it lies in the caller's memory: a UCHAR that stands for yes or no, or a ULONG.
enum PolicyValue: Hashable {
    case flag(Bool)
    case number(UInt32)

    /// The bytes that the value takes.
    var byteCount: Int {
        switch self {
        case .flag: 1
        case .number: 4
        }
    }

    /// A value of the same kind from the caller's memory; nil when `count` is another size.
    func read(_ count: ULONG, _ value: PVOID) -> PolicyValue? {
        guard Int(count) == byteCount else { return nil }
        // Sound: the caller says that so many bytes are there. They need not be aligned.
        return switch self {
        case .flag: unsafe .flag(value.loadUnaligned(as: UInt8.self) != 0)
        case .number: unsafe .number(value.loadUnaligned(as: UInt32.self))
        }
    }

    /// Writes the value to the caller's memory, which has room for `count` bytes, and says how many it takes. Returns the
    /// error code: 0, or ERROR_INSUFFICIENT_BUFFER where there are not so many.
    func write(_ count: PULONG, _ value: PVOID) -> UInt32 {
        let room = unsafe count.pointee
        unsafe count.pointee = ULONG(byteCount)
        guard room >= byteCount else { return SystemError.insufficientBuffer }
        // Sound: the caller says that so many bytes are there. They need not be aligned.
        switch self {
        case .flag(let flag): unsafe value.storeBytes(of: flag ? 1 : 0, as: UInt8.self)
        case .number(let number): unsafe value.storeBytes(of: number, as: UInt32.self)
        }
        return 0
    }
}
