// compiles
import Foundation
import USB

func rightUse(out: OutPipe<Bulk>, input: InPipe<Bulk>, sound: OutPipe<Isochronous>) async throws {
    try await out.write([1, 2, 3])
    _ = try await input.read(upTo: 512)
    var stream = try sound.stream()
    _ = try await stream.finish()
    let transfer = input.makeTransfer(capacity: 512)
    let done = try await transfer.submit().completion()
    print(done.outcome.byteCount, Date())
}
