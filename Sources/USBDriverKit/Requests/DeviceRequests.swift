// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CUSBDriverKit
import USBHost
import USBSpecification

/// Requests on the control endpoint.
extension IOUSBHostDevice {
    /// Sends a request and returns when it has ended.
    ///
    /// - Parameters:
    ///   - forClient: who has the session.
    ///   - bmRequestType: direction, type and recipient.
    ///   - bRequest: the request.
    ///   - wValue: its first argument.
    ///   - wIndex: its second argument.
    ///   - wLength: the bytes of its data stage.
    ///   - dataBuffer: the memory of the data; nil where there are none.
    ///   - bytesTransferred: the bytes that moved, also when the request failed.
    ///   - completionTimeout: how long to wait, in milliseconds of the bus's clock; 0 for ever.
    /// - Returns: kUSBHostReturnPipeStalled when the device refuses the request; kIOReturnTimeout; kIOReturnAborted;
    ///   kIOReturnNotOpen when the client has no session; kIOReturnBadArgument for more data than there is memory, and for
    ///   requests that have methods of their own (SET_ADDRESS, SET_CONFIGURATION, SET_INTERFACE); kIOReturnNotPermitted
    ///   during a synchronous abort; kIOReturnNoDevice.
    public func DeviceRequest(
        forClient: IOService, bmRequestType: UInt8, bRequest: UInt8, wValue: UInt16, wIndex: UInt16, wLength: UInt16,
        dataBuffer: IOMemoryDescriptor?, bytesTransferred: inout UInt16, completionTimeout: UInt32
    ) -> kern_return_t {
        bytesTransferred = 0
        if let refusal = refusal(to: forClient) { return refusal }
        return send(
            SetupPacket(
                requestType: RequestType(rawValue: bmRequestType), request: bRequest, value: wValue, index: wIndex,
                length: wLength), of: forClient, dataBuffer, &bytesTransferred, completionTimeout)
    }

    /// Sends a request as DeviceRequest does, and calls `completion`, an action made by
    /// `OSAction.CompleteAsyncDeviceRequest`, when it has ended.
    ///
    /// Returns kIOReturnSuccess when the completion will be called, and what refuses the request otherwise.
    public func AsyncDeviceRequest(
        forClient: IOService, bmRequestType: UInt8, bRequest: UInt8, wValue: UInt16, wIndex: UInt16, wLength: UInt16,
        dataBuffer: IOMemoryDescriptor?, completion: OSAction?, completionTimeout: UInt32
    ) -> kern_return_t {
        if let refusal = refusal(to: forClient) { return refusal }
        return submit(
            SetupPacket(
                requestType: RequestType(rawValue: bmRequestType), request: bRequest, value: wValue, index: wIndex,
                length: wLength), of: forClient, dataBuffer, completion, completionTimeout)
    }

    /// Ends the requests that a client has under way; those of others go on. See
    /// ``IOUSBHostPipe/Abort(options:withError:forClient:)``.
    @discardableResult
    public func AbortDeviceRequests(
        forClient: IOService, options: IOUSBAbortOptions, withError: kern_return_t
    ) -> kern_return_t {
        requests.abort(of: forClient, with: withError, waiting: options == kIOUSBAbortSynchronous)
        return kIOReturnSuccess
    }

    func send(
        _ setup: SetupPacket, of client: IOService, _ buffer: IOMemoryDescriptor?, _ bytesTransferred: inout UInt16,
        _ timeout: UInt32
    ) -> kern_return_t {
        guard Int(setup.length) <= buffer?.length ?? 0 else { return kIOReturnBadArgument }
        guard !requests.isRefusing(client) else { return kIOReturnNotPermitted }
        let request = ControlRequest(in: requests, of: client, buffer, nil, on: nil)
        do throws(USBError) {
            try request.submitAndWait(setup, timeout: timeout == 0 ? nil : .milliseconds(Int64(timeout)))
        } catch {
            return ReturnCode.of(error.kind)
        }
        bytesTransferred = UInt16(clamping: request.byteCount)
        return request.status
    }

    func submit(
        _ setup: SetupPacket, of client: IOService, _ buffer: IOMemoryDescriptor?, _ action: OSAction?,
        _ timeout: UInt32
    ) -> kern_return_t {
        guard let action, case .deviceRequest = action.method else { return kIOReturnBadArgument }
        guard Int(setup.length) <= buffer?.length ?? 0 else { return kIOReturnBadArgument }
        guard !requests.isRefusing(client) else { return kIOReturnNotPermitted }
        let request = ControlRequest(
            in: requests, of: client, buffer, action, on: action.queue ?? queue(kIOServiceDefaultQueueName))
        do throws(USBError) {
            try request.submit(setup, timeout: timeout == 0 ? nil : .milliseconds(Int64(timeout)))
            return kIOReturnSuccess
        } catch {
            return ReturnCode.of(error.kind)
        }
    }
}

/// Requests on the device's control endpoint, by whoever has the interface's session.
extension IOUSBHostInterface {
    /// Sends a request and returns when it has ended. See
    /// ``IOUSBHostDevice/DeviceRequest(forClient:bmRequestType:bRequest:wValue:wIndex:wLength:dataBuffer:bytesTransferred:completionTimeout:)``.
    public func DeviceRequest(
        bmRequestType: UInt8, bRequest: UInt8, wValue: UInt16, wIndex: UInt16, wLength: UInt16,
        dataBuffer: IOMemoryDescriptor?, bytesTransferred: inout UInt16, completionTimeoutMs: UInt32
    ) -> kern_return_t {
        bytesTransferred = 0
        if let refusal = refusal { return refusal }
        return device.send(
            SetupPacket(
                requestType: RequestType(rawValue: bmRequestType), request: bRequest, value: wValue, index: wIndex,
                length: wLength), of: self, dataBuffer, &bytesTransferred, completionTimeoutMs)
    }

    /// Sends a request, and calls `completion` when it has ended. See
    /// ``IOUSBHostDevice/AsyncDeviceRequest(forClient:bmRequestType:bRequest:wValue:wIndex:wLength:dataBuffer:completion:completionTimeout:)``.
    public func AsyncDeviceRequest(
        bmRequestType: UInt8, bRequest: UInt8, wValue: UInt16, wIndex: UInt16, wLength: UInt16,
        dataBuffer: IOMemoryDescriptor?, completion: OSAction?, completionTimeoutMs: UInt32
    ) -> kern_return_t {
        if let refusal = refusal { return refusal }
        return device.submit(
            SetupPacket(
                requestType: RequestType(rawValue: bmRequestType), request: bRequest, value: wValue, index: wIndex,
                length: wLength), of: self, dataBuffer, completion, completionTimeoutMs)
    }

    /// Ends the requests that were made by this interface; those of others go on.
    @discardableResult
    public func AbortDeviceRequests(options: IOUSBAbortOptions, withError: kern_return_t) -> kern_return_t {
        device.requests.abort(of: self, with: withError, waiting: options == kIOUSBAbortSynchronous)
        return kIOReturnSuccess
    }
}
