// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import NTKernel
import Win32

/// What a driver wants of a queue (WDF_IO_QUEUE_CONFIG), checked.
@safe struct QueueConfiguration: @unchecked Sendable {
    // Sound: functions of the driver's, which stay where they are.
    let callbacks: WDF_IO_QUEUE_CONFIG
    let dispatch: QueueLife.Dispatch

    /// Checks what a driver wants, but for the size of the structure.
    ///
    /// STATUS_INVALID_PARAMETER: no way of dispatching, callbacks of a manual queue, or a limit of one that is not
    /// parallel. STATUS_WDF_NO_CALLBACK: no callback.
    init(_ given: WDF_IO_QUEUE_CONFIG) throws(Refusal) {
        unsafe callbacks = unsafe given
        let hasCallback =
            unsafe given.EvtIoDefault != nil || given.EvtIoRead != nil || given.EvtIoWrite != nil
            || given.EvtIoDeviceControl != nil || given.EvtIoInternalDeviceControl != nil
        let limit = unsafe given.Settings.Parallel.NumberOfPresentedRequests
        switch unsafe given.DispatchType {
        case WdfIoQueueDispatchSequential: dispatch = .sequential
        case WdfIoQueueDispatchParallel: dispatch = .parallel(limit: limit == .max ? .max : Int(limit))
        case WdfIoQueueDispatchManual: dispatch = .manual
        default: throw Refusal(.invalidParameter)
        }
        if dispatch == .manual {
            if hasCallback { throw Refusal(.invalidParameter) }
        } else if !hasCallback {
            throw Refusal(STATUS_WDF_NO_CALLBACK)
        }
        if case .parallel = dispatch { return }
        guard limit == 0 else { throw Refusal(.invalidParameter) }
    }

    /// Whether requests of a type can be presented: by a callback, or by the driver's taking them.
    func takes(_ type: WDF_REQUEST_TYPE) -> Bool {
        if unsafe dispatch == .manual || callbacks.EvtIoDefault != nil { return true }
        return switch type {
        case WdfRequestTypeRead: unsafe callbacks.EvtIoRead != nil
        case WdfRequestTypeWrite: unsafe callbacks.EvtIoWrite != nil
        case WdfRequestTypeDeviceControl: unsafe callbacks.EvtIoDeviceControl != nil
        case WdfRequestTypeDeviceControlInternal: unsafe callbacks.EvtIoInternalDeviceControl != nil
        default: false
        }
    }
}
