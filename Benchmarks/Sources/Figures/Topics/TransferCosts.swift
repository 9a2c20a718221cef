// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// What a transfer without data costs from its submit to its completion, the bus in memory included, and how that grows.
func transferCosts(_ effort: Effort) async throws {
    try await forms(effort)
    try await growthWithDevices(effort)
    try await growthWithPackets(effort)
}

private func forms(_ effort: Effort) async throws {
    let rates = try await measure(
        Form.allCases.map { form in
            // A hop between executors wakes threads, which takes time by the wall.
            let hops = form == .awaitedElsewhere
            let count = effort.scaled(hops ? 20_000 : 400_000)
            return { try await roundTrips(form, count: count, hops ? .wall : .processor) }
        }, effort)
    print(
        "A bulk transfer of no bytes from submit to completion, one at a time; on the default executor in time by the wall:"
    )
    print()
    printTable(
        ["form", "of the callback form", "each", "spread"],
        zip(Form.allCases, rates).map { form, rate in
            [form.rawValue, ratio(rates[0].median / rate.median), "\(text(rate.nanoseconds)) ns", spread(rate)]
        })
}

private func growthWithDevices(_ effort: Effort) async throws {
    let counts = [1, 10, 100, 1_000]
    let rates = try await measure(
        counts.flatMap { devices in
            [Form.callback, .awaited].map { form in
                { try await roundTrips(form, devices: devices, count: effort.scaled(400_000) / 1_000 * 1_000) }
            }
        }, effort)
    print(
        "The same with one transfer in flight for each of several devices, at most 125 on a bus (processor time of all")
    print("threads):")
    print()
    printGrowth("devices", counts, rates)
}

private func growthWithPackets(_ effort: Effort) async throws {
    let counts = [1, 8, 64, 1_024]
    let rates = try await measure(
        counts.flatMap { packets in
            [Form.callback, .awaited].map { form in
                { try isochronousRoundTrips(form, packets: packets, count: effort.scaled(800_000 / (packets + 7))) }
            }
        }, effort)
    print("Isochronous transfers of empty packets, one in flight:")
    print()
    printGrowth("packets", counts, rates, perUnit: true)
}

/// Prints callback and awaited forms for each count.
private func printGrowth(_ unit: String, _ counts: [Int], _ rates: [Rate], perUnit: Bool = false) {
    var header = [
        unit, "callback, of 1", "awaited, of 1", "awaited, of callback", "callback", "spread", "awaited", "spread",
    ]
    if perUnit { header.append("callback, each packet") }
    printTable(
        header,
        counts.enumerated().map { index, count in
            let (callback, awaited) = (rates[2 * index], rates[2 * index + 1])
            var row = [
                "\(count)", ratio(rates[0].median / callback.median), ratio(rates[1].median / awaited.median),
                ratio(callback.median / awaited.median), "\(text(callback.nanoseconds)) ns", spread(callback),
                "\(text(awaited.nanoseconds)) ns", spread(awaited),
            ]
            if perUnit { row.append("\(text(callback.nanoseconds / Double(count))) ns") }
            return row
        })
}
