// expect: is unavailable from asynchronous contexts
import USB

func wrong(pipe: OutPipe<Bulk>, bytes: [UInt8]) async throws {
    try pipe.blocking.write(bytes.span)
}
