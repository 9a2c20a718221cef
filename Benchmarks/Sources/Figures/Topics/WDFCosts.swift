// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import WDFLoad

/// What a synchronous write costs through WDF, beside the same through the library itself.
func wdfCosts(_ effort: Effort) async throws {
    let count = effort.scaled(200_000)
    func direct(_ timeout: Duration?) -> Load {
        {
            try WDFWriter.runDirectly(timeout: timeout) { write in
                let watch = Stopwatch()
                try write(count)
                return watch.rate(of: Double(count))
            }
        }
    }
    func framework(_ form: WDFWriter.Form) -> Load {
        {
            try WDFWriter.run { writer in
                let watch = Stopwatch()
                writer.write(count, form)
                return watch.rate(of: Double(count))
            }
        }
    }
    let rates = try await measure(
        [
            direct(nil), framework(.synchronously), framework(.sending), direct(.seconds(1)), framework(.withTimeout),
        ], effort)
    print(
        "Bulk writes of 512 bytes, one after the other, each waited for by a blocked thread, on the free clock, in time"
    )
    print("of the processor (all threads). All contain what it takes to compute the bus and the device, so that the")
    print("difference tells what WDF adds; none of it is time spent waiting for a bus.")
    print()
    let names = [
        "pipe.blocking.write", "WdfUsbTargetPipeWriteSynchronously", "WdfRequestSend, a request used again",
        "pipe.blocking.write, with a timeout", "WdfUsbTargetPipeWriteSynchronously, with a timeout",
    ]
    printTable(
        ["through", "writes per second", "each", "spread", "of the Swift API's time"],
        names.indices.map { index in
            let (rate, base) = (rates[index], rates[index < 3 ? 0 : 3])
            return [
                names[index], text(rate.median), "\(text(rate.nanoseconds)) ns", spread(rate),
                "\(text(100 * base.median / rate.median)) %",
            ]
        })
}
