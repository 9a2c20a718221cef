// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

extension IoTargetObject {
    /// Does what a call that waits does, in the framework's order: `*byteCount` = 0 is the caller's; the request, if
    /// there is one, loses its format; level; options; then `operation` is made (its checks, such as those of the
    /// memory and the pipe, are thrown); then it is sent, and its end awaited.
    ///
    /// A completion routine of the driver's request is not called. As documented, the memory of the driver's request is
    /// kept until that is deleted, formatted or used anew; the source releases it here.
    ///
    /// - Parameters:
    ///   - request: the driver's request, or NULL for one of the target's own.
    ///   - ignoringState: sends in any state but closed ones, as the framework itself does for a reset.
    ///   - ended: is given the ended request's status and count of bytes (of the block, also after a failure) before the
    ///     request is used again.
    final func call(
        _ request: WDFREQUEST?, _ options: PWDF_REQUEST_SEND_OPTIONS?, in function: String, ignoringState: Bool = false,
        ended: (SentResult) -> Void = { _ in }, _ operation: () throws(Refusal) -> Operation
    ) -> NTSTATUS {
        do throws(Refusal) {
            var driver: RequestObject?
            if let request = unsafe request {
                driver = unsafe try Handles.object(request, RequestObject.self, .request, in: function)
                driver?.releaseFormatIfUnsent()
            }
            try Verifier.requirePassive()
            var options = try unsafe SendOptions(options)
            if ignoringState { options.ignoresState = true }
            let wanted = try operation()
            let used = driver ?? takeIdleRequest()
            let status = try used.call(wanted, to: self, options, in: function, isOwn: driver == nil, ended: ended)
            return status
        } catch {
            return error.status
        }
    }

    /// Does what a call that formats does: checks the request, makes the operation, formats.
    final func format(
        _ request: WDFREQUEST?, in function: String, _ operation: () throws(Refusal) -> Operation
    ) -> NTSTATUS {
        do throws(Refusal) {
            let request = unsafe try Handles.object(request, RequestObject.self, .request, in: function)
            try request.format(try operation(), on: self, in: function)
            return NTStatus.success.rawValue
        } catch {
            return error.status
        }
    }
}

extension RequestObject {
    /// Gives up what the request was formatted for, unless that is under way.
    fileprivate final func releaseFormatIfUnsent() {
        if !lock.withLock({ sending.isActive }) { releaseFormat() }
    }

    /// Formats, sends and awaits the request; one of the target's own is then idle again.
    fileprivate final func call(
        _ operation: Operation, to target: IoTargetObject, _ options: SendOptions, in function: String, isOwn: Bool,
        ended: (SentResult) -> Void
    ) throws(Refusal) -> NTSTATUS {
        do throws(Refusal) {
            try format(operation, on: target, in: function)
            try send(to: target, options, .call, in: function)
        } catch {
            if isOwn {
                releaseFormat()
                target.putBack(self)
            } else if !lock.withLock({ sending.isActive }) {
                lock.withLock { lastStatus = error.status }
                releaseFormat()
            }
            throw error
        }
        let (status, hasEnded) = wait()
        guard hasEnded else { return status }
        ended(lastResult)
        if isOwn || Profile.current == .framework { releaseFormat() }
        if isOwn { target.putBack(self) }
        return status
    }
}
