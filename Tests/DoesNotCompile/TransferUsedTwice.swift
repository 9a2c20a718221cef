// expect: consumed more than once
import USB

func wrong(pipe: OutPipe<Bulk>) throws {
    let transfer = pipe.makeTransfer(capacity: 8)
    let first = try transfer.submit()
    let second = try transfer.submit()
    first.cancel()
    second.cancel()
}
