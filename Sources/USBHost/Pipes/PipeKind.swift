// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

public import USBSpecification

/// A transfer type as a compile-time fact.
public protocol PipeKind: Sendable {
    /// The type in the endpoint's descriptor.
    static var type: TransferType { get }
}

/// Control transfers: a request to the device with at most 65,535 bytes of data in one direction.
public enum Control: PipeKind {
    /// Control.
    public static var type: TransferType { .control }
}

/// Bulk and interrupt: pipes that carry a stream of bytes in packets.
public protocol DataKind: PipeKind {}

/// Bulk transfers: all the bandwidth that is left, and delivery guaranteed.
public enum Bulk: DataKind {
    /// Bulk.
    public static var type: TransferType { .bulk }
}

/// Interrupt transfers: a bounded delay, and delivery guaranteed.
public enum Interrupt: DataKind {
    /// Interrupt.
    public static var type: TransferType { .interrupt }
}

/// Isochronous transfers: reserved bandwidth at fixed times, without repetition.
public enum Isochronous: PipeKind {
    /// Isochronous.
    public static var type: TransferType { .isochronous }
}
