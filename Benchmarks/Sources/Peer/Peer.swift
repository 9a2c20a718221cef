// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
import Foundation
import Glibc
import LinuxUSB
import USBHost
import USBSpecification

/// This package as a peer of those in Benchmarks/Peers: the same words, the same work, the same line.
@main
enum Peer {
    static func main() async throws {
        guard let job = Job(Array(CommandLine.arguments.dropFirst())) else {
            FileHandle.standardError.write(Data("\(Job.usage)\n".utf8))
            exit(64)
        }
        let bus = try LinuxBus()
        let device = try bus.open(try device(at: job.node, on: bus))
        if let configuration = job.configuration { try await device.selectConfiguration(configuration) }
        let interface = try device.claim(job.interface, detachingDriver: true)
        try await interface.selectAlternateSetting(job.setting)
        let run = Run(job)
        if job.kind == .synchronous {
            try await Peer.onThread { try run.synchronous(interface) }
        } else {
            // On the executor no completion comes between two submissions.
            try await bus.run { () async throws in
                try start(job, run, interface)
                await run.finish()
            }
        }
        let isGood = try run.report()
        await interface.release()
        exit(isGood ? 0 : 1)
    }

    /// Submits the first transfers.
    private static func start(_ job: Job, _ run: Run, _ interface: Interface) throws {
        switch (job.kind, job.endpoint.direction) {
        case (.isochronous, .in):
            let pipe = try interface.inPipe(job.endpoint, Isochronous.self)
            try run.isochronous { pipe.makeTransfer(capacity: job.bytes * job.packets) }
        case (.isochronous, .out):
            let pipe = try interface.outPipe(job.endpoint, Isochronous.self)
            try run.isochronous { pipe.makeTransfer(capacity: job.bytes * job.packets) }
        case (_, .in):
            let pipe = try interface.inPipe(job.endpoint, Bulk.self)
            try run.bulk { pipe.makeTransfer(capacity: job.bytes) }
        case (_, .out):
            let pipe = try interface.outPipe(job.endpoint, Bulk.self)
            try run.bulk { pipe.makeTransfer(capacity: job.bytes) }
        }
    }

    /// Runs `body` on a thread of its own, which may block.
    private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try body() }) }.start()
        }
    }

    /// The device whose file this is, by the numbers in the file's name.
    private static func device(at node: String, on bus: LinuxBus) throws -> DeviceDescription {
        let numbers = node.split(separator: "/").suffix(2).compactMap { Int($0) }
        let found = try bus.devices().first { device in
            let place = "/sys/bus/usb/devices/\(device.path)"
            let read = ["busnum", "devnum"].map { name in
                (try? String(contentsOfFile: "\(place)/\(name)", encoding: .ascii))
                    .flatMap { Int($0.filter(\.isNumber)) }
            }
            return read == numbers.map(Optional.some)
        }
        guard let found else { throw USBError(.notFound, message: "no device has the file \(node)") }
        return found
    }
}
#else
@main
enum Peer {
    static func main() { print("this needs Linux") }
}
#endif
