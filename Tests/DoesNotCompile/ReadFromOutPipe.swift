// expect: value of type 'OutPipe<Interrupt>' has no member 'read'
import USB

func wrong(pipe: OutPipe<Interrupt>) async throws {
    _ = try await pipe.read(upTo: 8)
}
