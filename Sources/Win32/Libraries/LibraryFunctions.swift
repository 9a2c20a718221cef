// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB

/// A library of Windows whose functions stand in this one, or the program.
private final class ModuleObject: HandleObject, @unchecked Sendable {
    /// Whether the library has a function of this name.
    let has: @Sendable (String) -> Bool
    /// The value of its handle, which stays valid.
    private(set) var handle: UInt = 0

    init(_ has: @escaping @Sendable (String) -> Bool) {
        self.has = has
        super.init()
        handle = UInt(bitPattern: unsafe HandleTable.shared.insert(self))
    }
}

/// The libraries that can be named. They are part of the program and stay as long as it does, however often they are
/// given back.
private enum Modules {
    static let program = ModuleObject { _ in true }
    private static let winUSB = ModuleObject { $0.hasPrefix("WinUsb_") }
    private static let setup = ModuleObject { $0.hasPrefix("SetupDi") || $0.hasPrefix("CM_") }
    private static let configuration = ModuleObject { $0.hasPrefix("CM_") }
    private static let kernel = ModuleObject { name in
        !["WinUsb_", "SetupDi", "CM_"].contains { name.hasPrefix($0) }
    }

    /// The library with this name, with or without a folder and ".dll", whatever the case.
    static func named(_ name: String) -> ModuleObject? {
        var base = name.lowercased()[...]
        if let slash = base.lastIndex(where: { $0 == "\\" || $0 == "/" }) { base = base[base.index(after: slash)...] }
        if base.hasSuffix(".dll") { base = base.dropLast(4) }
        switch base {
        case "winusb": return winUSB
        case "setupapi": return setup
        case "cfgmgr32": return configuration
        case "kernel32", "kernelbase": return kernel
        default: return nil
        }
    }
}

private func module(_ object: ModuleObject) -> HMODULE? {
    // Never dereferenced: it only has the type that modules have.
    unsafe HMODULE(bitPattern: object.handle)
}

private func load(_ name: String?) -> HMODULE? {
    guard let name, !name.isEmpty else { return unsafe LastError.fail(ERROR_INVALID_PARAMETER, returning: nil) }
    guard let found = Modules.named(name) else { return unsafe LastError.fail(ERROR_MOD_NOT_FOUND, returning: nil) }
    return unsafe module(found)
}

/// Gives a library of Windows by name: winusb, setupapi, cfgmgr32 or kernel32, whatever the case, with or without ".dll"
/// and a folder. They are all this one, each with the functions that it has on Windows. No other library is loaded.
///
/// NULL with ERROR_MOD_NOT_FOUND, or ERROR_INVALID_PARAMETER for no name.
///
/// Microsoft's page: "LoadLibraryA function (libloaderapi.h)".
@c @implementation
public func LoadLibraryA(_ fileName: LPCSTR!) -> HMODULE! { unsafe load(Text.read(fileName)) }

/// ``LoadLibraryA(_:)`` with a wide name.
///
/// Microsoft's page: "LoadLibraryW function (libloaderapi.h)".
@c @implementation
public func LoadLibraryW(_ fileName: LPCWSTR!) -> HMODULE! { unsafe load(Text.read(fileName)) }

/// ``LoadLibraryA(_:)``; where the library is looked for makes no difference.
///
/// ERROR_INVALID_PARAMETER: `reserved` is not NULL.
///
/// Microsoft's page: "LoadLibraryExA function (libloaderapi.h)".
@c @implementation
public func LoadLibraryExA(_ fileName: LPCSTR!, _ reserved: HANDLE!, _ flags: DWORD) -> HMODULE! {
    unsafe reserved == nil ? load(Text.read(fileName)) : LastError.fail(ERROR_INVALID_PARAMETER, returning: nil)
}

/// ``LoadLibraryExA(_:_:_:)`` with a wide name.
///
/// Microsoft's page: "LoadLibraryExW function (libloaderapi.h)".
@c @implementation
public func LoadLibraryExW(_ fileName: LPCWSTR!, _ reserved: HANDLE!, _ flags: DWORD) -> HMODULE! {
    unsafe reserved == nil ? load(Text.read(fileName)) : LastError.fail(ERROR_INVALID_PARAMETER, returning: nil)
}

/// Takes a library's handle back. The library stays: it is part of the program.
///
/// ERROR_INVALID_HANDLE: it is no library's handle.
///
/// Microsoft's page: "FreeLibrary function (libloaderapi.h)".
@c @implementation
public func FreeLibrary(_ module: HMODULE!) -> BOOL {
    guard unsafe HandleTable.shared.object(module, as: ModuleObject.self) != nil else {
        return LastError.fail(ERROR_INVALID_HANDLE)
    }
    return TRUE
}

/// A function of a library by its name; by number there is none.
///
/// NULL with ERROR_INVALID_HANDLE (it is no library's handle) or ERROR_PROC_NOT_FOUND.
///
/// Microsoft's page: "GetProcAddress function (libloaderapi.h)".
@c @implementation
public func GetProcAddress(_ module: HMODULE!, _ name: LPCSTR!) -> FARPROC! {
    guard let object = unsafe HandleTable.shared.object(module, as: ModuleObject.self) else {
        return LastError.fail(ERROR_INVALID_HANDLE, returning: nil)
    }
    // A number stands in the place of the address.
    guard UInt(bitPattern: name) > 0xFFFF, let name = unsafe name, let text = unsafe Text.read(name), object.has(text),
        let symbol = unsafe swiftusb_symbol(name)
    else { return LastError.fail(ERROR_PROC_NOT_FOUND, returning: nil) }
    // Sound: a function's address; the caller says what it takes.
    return unsafe unsafeBitCast(symbol, to: FARPROC.self)
}

private func handle(_ name: String?) -> HMODULE? {
    guard let name else { return unsafe module(Modules.program) }
    guard let found = Modules.named(name) else { return unsafe LastError.fail(ERROR_MOD_NOT_FOUND, returning: nil) }
    return unsafe module(found)
}

/// The handle of a library, as ``LoadLibraryA(_:)`` gives it, or of the program for NULL.
///
/// NULL with ERROR_MOD_NOT_FOUND.
///
/// Microsoft's page: "GetModuleHandleA function (libloaderapi.h)".
@c @implementation
public func GetModuleHandleA(_ moduleName: LPCSTR!) -> HMODULE! { unsafe handle(Text.read(moduleName)) }

/// ``GetModuleHandleA(_:)`` with a wide name.
///
/// Microsoft's page: "GetModuleHandleW function (libloaderapi.h)".
@c @implementation
public func GetModuleHandleW(_ moduleName: LPCWSTR!) -> HMODULE! { unsafe handle(Text.read(moduleName)) }
