// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Why a WAV file cannot be used. The descriptions follow the name of the file and a colon.
enum WAVError: Error, Equatable {
    /// The file is of another kind; the text names the kind where its first bytes tell.
    case notWAV(looksLike: String?)
    /// The samples are compressed, or in a form that is not read here.
    case unsupported(encoding: String)
    /// The file has more channels than a stereo device can be given.
    case tooManyChannels(Int)
    /// A field contradicts another or the format.
    ///
    /// `offset` counts bytes from the start of the file.
    case malformed(offset: Int, reason: String)
    /// The file ends early.
    ///
    /// `missing` is the number of bytes that should still come, at least 1. `part` is the part that ends early.
    case truncated(missing: Int, part: String)
    /// The system refused to read.
    case file(FileError)
}

extension WAVError: CustomStringConvertible {
    var description: String {
        switch self {
        case .notWAV(let kind?): "not a WAV file: it looks like \(kind)"
        case .notWAV(nil): "not a WAV file: it does not start with RIFF and WAVE"
        case .unsupported(let encoding): "\(encoding) cannot be played: convert the file to PCM first"
        case .tooManyChannels(let count): "\(count) channels cannot be played: mix the file down to stereo first"
        case .malformed(let offset, let reason): "damaged WAV file: \(reason) (byte \(offset))"
        case .truncated(let missing, let part):
            "truncated WAV file: the \(part) lack\(part.hasSuffix("s") ? "" : "s") \(missing) byte\(missing == 1 ? "" : "s")"
        case .file(let error): "\(error)"
        }
    }
}
