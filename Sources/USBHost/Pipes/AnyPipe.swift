// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A pipe whose direction and type are known at run time only: for tools and for the interfaces of others.
public struct AnyPipe: CorePipe {
    let handle: PipeHandle

    init(_ handle: PipeHandle) { self.handle = handle }

    /// The direction.
    public var direction: Direction { core.info.address.direction }
    /// The transfer type.
    public var type: TransferType { core.info.type }

    /// Blocking forms, for threads that run no tasks.
    public var blocking: BlockingPipe { BlockingPipe(core: core) }

    /// The pipe with its direction and type as facts of its Swift type; nil when it is of another.
    public func outPipe<Kind: PipeKind>(_ kind: Kind.Type) -> OutPipe<Kind>? {
        direction == .out && type == Kind.type ? OutPipe(handle) : nil
    }

    /// The pipe with its direction and type as facts of its Swift type; nil when it is of another.
    public func inPipe<Kind: PipeKind>(_ kind: Kind.Type) -> InPipe<Kind>? {
        direction == .in && type == Kind.type ? InPipe(handle) : nil
    }
}
