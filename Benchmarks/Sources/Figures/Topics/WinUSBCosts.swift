// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import WinUSBLoad

/// What a write of 1 ms costs through WinUSB, beside the same through the library itself.
func winUSBCosts(_ effort: Effort) async throws {
    let count = effort.scaled(100_000)
    let rates = try await measure(
        [
            {
                let watch = Stopwatch()
                try WinUSBWriter.writeDirectly(count)
                return watch.rate(of: Double(count))
            },
            {
                try WinUSBWriter.run { writer in
                    let watch = Stopwatch()
                    writer.write(count)
                    return watch.rate(of: Double(count))
                }
            },
        ], effort)
    print(
        "Isochronous writes of 8 packets of 192 bytes at named frames, four in flight, each waited for by a blocked thread,"
    )
    print("on the free clock, in time of the processor (all threads). Both contain what it takes to compute the bus")
    print("and the device, so that the difference tells what WinUSB adds; none of it is time spent waiting for a bus.")
    print()
    printTable(
        ["through", "calls per second", "each", "spread", "of the Swift API's time"],
        zip(["the Swift API", "WinUSB"], rates).map { name, rate in
            [
                name, text(rate.median), "\(text(rate.nanoseconds)) ns", spread(rate),
                "\(text(100 * rates[0].median / rate.median)) %",
            ]
        })
}
