// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// How fast simulated time passes on the free clock.
func busInMemory(_ effort: Effort) async throws {
    struct Row {
        var name: String
        var aim: Double?
        var bytesPerSecond: Double
        var run: (Double) throws -> Double
        var seconds: Double
    }
    let audioRate = 192_000.0
    let rows = [
        Row(
            name: "isochronous IN, 3 x 1024 bytes each microframe", aim: 300, bytesPerSecond: 24_576_000,
            run: { try fullIsochronousStream(.in, seconds: $0) }, seconds: 100),
        Row(
            name: "isochronous OUT, the same, every byte compared", aim: 300, bytesPerSecond: 24_576_000,
            run: { try fullIsochronousStream(.out, seconds: $0) }, seconds: 100),
        Row(
            name: "audio, batches of 1 ms", aim: 10_000, bytesPerSecond: audioRate,
            run: { try audioStream(batch: .milliseconds(1), seconds: $0) }, seconds: 600),
        Row(
            name: "audio, batches of 10 ms", aim: 10_000, bytesPerSecond: audioRate,
            run: { try audioStream(batch: .milliseconds(10), seconds: $0) }, seconds: 1_200),
        Row(
            name: "audio, batches of 100 ms", aim: 10_000, bytesPerSecond: audioRate,
            run: { try audioStream(batch: .milliseconds(100), seconds: $0) }, seconds: 1_200),
        Row(
            name: "bulk IN, 13 x 512 bytes each microframe", aim: nil, bytesPerSecond: 53_248_000,
            run: { try saturatedBulk(seconds: $0) }, seconds: 30),
    ]
    var loads = rows.map { row in
        { try row.run(max(1, row.seconds * effort.scale)) } as Load
    }
    loads.append { blockCopy(bytes: effort.scaled(4_000_000_000)) }
    let rates = try await measure(loads, effort)
    let copyRate = rates[rows.count].median

    print(
        "Seconds of bus time in a second of the processor, on the free clock inside `simulate`, and the payload beside")
    print("`memcpy` of blocks of 3,072 bytes (\(text(copyRate / 1e9)) GB/s) in the same run:")
    print()
    var lines: [[String]] = []
    for (row, rate) in zip(rows, rates) {
        let payload = rate.median * row.bytesPerSecond
        lines.append([
            row.name, ratio(rate.median), spread(rate), row.aim.map { ratio($0) } ?? "-",
            "\(text(payload / 1e9)) GB/s", ratio(payload / copyRate),
        ])
    }
    printTable(["load", "of real time", "spread", "aim", "payload", "of memcpy"], lines)
}
