// expect: referencing instance method 'stream(_:options:)' on 'OutPipe' requires the types 'Bulk' and 'Isochronous' be equivalent
import USB

func wrong(pipe: OutPipe<Bulk>) throws {
    _ = try pipe.stream()
}
