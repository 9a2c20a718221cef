// expect: value of type 'InPipe<Bulk>' has no member 'write'
import USB

func wrong(pipe: InPipe<Bulk>) async throws {
    try await pipe.write([1, 2, 3])
}
