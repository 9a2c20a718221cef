// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Writes one line about a bus that could not be opened, once.
private let failureIsTold: Bool = {
    if let failure = ProcessHost.current.failure {
        writeToStandardError("swift-usb: the bus could not be opened: \(failure)\n")
    }
    return true
}()

/// Tells the user of a bus that could not be opened, once.
package func tellFailure() { _ = failureIsTold }

/// Writes a text to the standard error output.
func writeToStandardError(_ text: String) {
    var bytes = text
    bytes.withUTF8 { bytes in
        // Sound: the bytes are valid for the call.
        _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
}

/// The system error code that opening a device fails with.
private func systemError(of error: USBError) -> Int32 {
    switch error.kind {
    case .notFound, .deviceGone, .closed: ERROR_FILE_NOT_FOUND
    case .accessDenied, .busy: ERROR_ACCESS_DENIED
    case .invalidArgument: ERROR_INVALID_PARAMETER
    case .outOfMemory: ERROR_NOT_ENOUGH_MEMORY
    case .noBandwidth: ERROR_NO_SYSTEM_RESOURCES
    case .unsupported: ERROR_NOT_SUPPORTED
    default: ERROR_GEN_FAILURE
    }
}

/// The system error code for a name that is no device's.
private func systemError(ofName name: String) -> Int32 {
    if name.isEmpty { return ERROR_PATH_NOT_FOUND }
    let isDevice = name.hasPrefix("\\\\?\\") || name.hasPrefix("\\\\.\\")
    let rest = isDevice ? name.dropFirst(4) : name[...]
    if rest.isEmpty || rest.contains(where: { "<>\"|*?".contains($0) }) || name.lowercased().hasPrefix("usb:") {
        return ERROR_INVALID_NAME
    }
    if !isDevice, rest.contains(where: { $0 == "\\" || $0 == "/" }) { return ERROR_PATH_NOT_FOUND }
    return ERROR_FILE_NOT_FOUND
}

private func createFile(_ name: String?, share: DWORD, disposition: DWORD, flags: DWORD) -> HANDLE? {
    let invalid = unsafe HANDLE(bitPattern: -1)
    func fail(_ code: Int32) -> HANDLE? { unsafe LastError.fail(code, returning: invalid) }
    guard let name else { return unsafe fail(ERROR_PATH_NOT_FOUND) }
    guard share & ~DWORD(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE) == 0,
        disposition == DWORD(OPEN_EXISTING) || disposition == DWORD(OPEN_ALWAYS)
    else { return unsafe fail(ERROR_INVALID_PARAMETER) }
    guard let path = DevicePath(parsing: name) else { return unsafe fail(systemError(ofName: name)) }
    let host = ProcessHost.current
    if host.failure != nil { tellFailure() }
    do throws(USBError) {
        let file = try DeviceFile(
            path, on: host, isOverlapped: flags & DWORD(FILE_FLAG_OVERLAPPED) != 0,
            detachingDriver: environmentVariable("USB_DETACH_DRIVER") == "1")
        guard let handle = unsafe HandleTable.shared.insert(file) else {
            file.handleClosed()
            return unsafe fail(ERROR_NOT_ENOUGH_MEMORY)
        }
        LastError.current = UInt32(disposition == DWORD(OPEN_ALWAYS) ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS)
        return unsafe handle
    } catch {
        return unsafe fail(systemError(of: error))
    }
}

/// Opens a device, and claims the interface that the file stands for, on the bus that the environment names.
///
/// `fileName` is a path that device discovery gave, or `usb:VID:PID[:SERIAL][/INTERFACE]`; other files are not opened. Of
/// the flags FILE_FLAG_OVERLAPPED counts. Access and sharing are not looked at beyond their form: an interface can be open
/// once.
///
/// INVALID_HANDLE_VALUE with ERROR_FILE_NOT_FOUND (no such device, or the bus could not be opened), ERROR_PATH_NOT_FOUND
/// (NULL, an empty name, or a file in a folder), ERROR_ACCESS_DENIED (the interface is in use, or a driver of the system
/// has it; USB_DETACH_DRIVER=1 in the environment takes it from that), ERROR_INVALID_PARAMETER (a disposition other than
/// OPEN_EXISTING and OPEN_ALWAYS, or an unknown way of sharing), ERROR_INVALID_NAME (the name has not the form of one).
///
/// Microsoft's page: "CreateFileA function (fileapi.h)".
@c @implementation
public func CreateFileA(
    _ fileName: LPCSTR!, _ desiredAccess: DWORD, _ shareMode: DWORD, _ securityAttributes: LPSECURITY_ATTRIBUTES!,
    _ creationDisposition: DWORD, _ flagsAndAttributes: DWORD, _ templateFile: HANDLE!
) -> HANDLE! {
    unsafe createFile(
        Text.read(fileName), share: shareMode, disposition: creationDisposition, flags: flagsAndAttributes)
}

/// ``CreateFileA(_:_:_:_:_:_:_:)`` with a wide name.
///
/// Microsoft's page: "CreateFileW function (fileapi.h)".
@c @implementation
public func CreateFileW(
    _ fileName: LPCWSTR!, _ desiredAccess: DWORD, _ shareMode: DWORD, _ securityAttributes: LPSECURITY_ATTRIBUTES!,
    _ creationDisposition: DWORD, _ flagsAndAttributes: DWORD, _ templateFile: HANDLE!
) -> HANDLE! {
    unsafe createFile(
        Text.read(fileName), share: shareMode, disposition: creationDisposition, flags: flagsAndAttributes)
}

private func refuse(_ file: HANDLE?) -> BOOL {
    let isFile = unsafe HandleTable.shared.object(file, as: DeviceFile.self) != nil
    return LastError.fail(isFile ? ERROR_INVALID_FUNCTION : ERROR_INVALID_HANDLE)
}

/// Always FALSE: a device is read by `WinUsb_ReadPipe`, and its file by nothing (ERROR_INVALID_FUNCTION).
///
/// ERROR_INVALID_HANDLE: it is no file's handle.
///
/// Microsoft's page: "ReadFile function (fileapi.h)".
@c @implementation
public func ReadFile(
    _ file: HANDLE!, _ buffer: LPVOID!, _ bytesToRead: DWORD, _ bytesRead: LPDWORD!, _ overlapped: LPOVERLAPPED!
) -> BOOL { unsafe refuse(file) }

/// Always FALSE, as ``ReadFile(_:_:_:_:_:)``.
///
/// Microsoft's page: "WriteFile function (fileapi.h)".
@c @implementation
public func WriteFile(
    _ file: HANDLE!, _ buffer: LPCVOID!, _ bytesToWrite: DWORD, _ bytesWritten: LPDWORD!, _ overlapped: LPOVERLAPPED!
) -> BOOL { unsafe refuse(file) }
