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
    let batches = [1, 10, 25, 100]
    var rows = [
        Row(
            name: "isochronous IN, 3 x 1024 bytes each microframe", aim: 300, bytesPerSecond: 24_576_000,
            run: { try fullIsochronousStream(.in, seconds: $0) }, seconds: 100),
        Row(
            name: "isochronous OUT, the same, every byte compared", aim: 300, bytesPerSecond: 24_576_000,
            run: { try fullIsochronousStream(.out, seconds: $0) }, seconds: 100),
        Row(
            name: "bulk IN, 13 x 512 bytes each microframe", aim: nil, bytesPerSecond: 53_248_000,
            run: { try saturatedBulk(seconds: $0) }, seconds: 30),
    ]
    rows += batches.map { batch in
        Row(
            name: "audio, 192 bytes a ms, batches of \(batch) ms", aim: 10_000, bytesPerSecond: 192_000,
            run: { try audioStream(batch: .milliseconds(batch), seconds: $0) }, seconds: batch < 10 ? 600 : 2_400)
    }
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

    // A second of sound takes 1,000 packets, and 1,000 batches over their length in milliseconds.
    let (short, long) = (1e6 / rates[rows.count - 3].median, 1e6 / rates[rows.count - 1].median)
    let batch = (short - long) / 90
    print("From the audio in batches of 10 and of 100 ms: \(text(batch * 1_000)) ns for each batch, whose task is")
    let packet = long - 10 * batch
    print(
        "suspended and resumed once, and \(text(packet)) ns for each packet. A second of sound in 100 us, which is 10,000"
    )
    print(
        "times real time, \(packet < 100 ? "takes batches of \(text(batch * 1_000 / (100 - packet))) ms" : "is out of reach")."
    )
}
