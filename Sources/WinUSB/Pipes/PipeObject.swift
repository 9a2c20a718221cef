// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import USBHost
import USBSpecification

/// A pipe of an interface's selected alternate setting.
final class PipeObject: @unchecked Sendable {
    /// The engine's pipe.
    let pipe: AnyPipe
    /// The endpoint.
    let info: EndpointInfo
    /// What is under way, whatever it is.
    let operations: OperationList
    /// What reads go through.
    let reads: ReadQueue

    private let lock = Lock()
    private var values: PipePolicies
    /// Writes for the next use.
    private var idle: [WriteOperation] = []

    init(_ pipe: AnyPipe, executor: BusExecutor) {
        self.pipe = pipe
        info = pipe.endpoint
        operations = OperationList(executor: executor)
        reads = ReadQueue(pipe, operations)
        values = PipePolicies(of: info.type)
        tellEngine(values)
    }

    /// Whether the pipe carries a stream of bytes: bulk or interrupt.
    var carriesData: Bool { info.type == .bulk || info.type == .interrupt }

    /// The pipe's policies. A change holds for what begins after it.
    var policies: PipePolicies {
        get { lock.withLock { values } }
        set {
            lock.withLock { values = newValue }
            tellEngine(newValue)
        }
    }

    /// The engine has the rules of a pipe for writes, and for what goes to the bus as it is. Reads wait in a queue of
    /// their own, because one read can be several transfers.
    private func tellEngine(_ policies: PipePolicies) {
        guard carriesData else { return }
        var policy = pipe.policy
        policy.timeoutStart = .service
        policy.isSerialized = info.address.direction == .out && !policies.isRaw
        policy.whileAborting = .hold
        policy.whileHalted = .refuse
        policy.endsWithZeroLengthPacket = policies.terminatesShort
        pipe.policy = policy
    }

    /// A write for the next call.
    func takeWrite() -> WriteOperation {
        lock.withLock { idle.popLast() } ?? WriteOperation(self)
    }

    /// A write that can be used again.
    func putIdle(_ operation: WriteOperation) {
        lock.withLock { idle.append(operation) }
    }
}
