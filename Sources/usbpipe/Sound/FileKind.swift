// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

/// Names of file formats that are often taken for WAV, recognised by their first bytes.
enum FileKind {
    /// The number of first bytes that `name` wants to see.
    static let bytesNeeded = 12

    /// Says what a file is.
    ///
    /// - Parameter start: the first bytes of the file; fewer than `bytesNeeded` if the file is shorter.
    /// - Returns: a noun phrase with its article, or nil if the bytes tell nothing.
    static func name(of start: some Sequence<UInt8>) -> String? {
        let start = Array(start)
        if start.isEmpty { return "an empty file" }
        for (offset, magic, name) in signatures where start.dropFirst(offset).starts(with: magic.utf8) {
            return name
        }
        if start.starts(with: [0x1F, 0x8B]) { return "a gzip archive" }
        if start.starts(with: [0x30, 0x26, 0xB2, 0x75]) { return "a Windows Media file" }
        // MPEG audio: eleven set bits, then a version and a layer that are not the reserved ones. Layer 0 is AAC.
        if start.count >= 2, start[0] == 0xFF, start[1] & 0xE0 == 0xE0, start[1] & 0x18 != 0x08 {
            if start[1] & 0x06 != 0 { return "an MP3 file" }
            if start[1] & 0xF0 == 0xF0 { return "an AAC file" }
        }
        return nil
    }

    private static let signatures: [(offset: Int, magic: String, name: String)] = [
        (0, "ID3", "an MP3 file"),
        (0, "OggS", "an Ogg file"),
        (0, "fLaC", "a FLAC file"),
        (0, "RIFX", "a big-endian WAV file"),
        (0, "RF64", "a 64-bit WAV file (RF64)"),
        (0, "BW64", "a 64-bit WAV file (BW64)"),
        (8, "AVI ", "an AVI file"),
        (8, "WEBP", "a WebP picture"),
        (8, "AIFF", "an AIFF file"),
        (8, "AIFC", "an AIFF file"),
        (0, ".snd", "an AU file"),
        (0, "caff", "a Core Audio file"),
        (0, "wvpk", "a WavPack file"),
        (0, "MAC ", "a Monkey's Audio file"),
        (0, "MThd", "a MIDI file"),
        (4, "ftyp", "an MP4 file"),
        (0, "PK\u{3}\u{4}", "a ZIP archive"),
        (0, "%PDF", "a PDF document"),
        (0, "\u{7F}ELF", "a program"),
        (0, "#!", "a script"),
        (0, "RIFF", "a RIFF file of another kind"),
    ]
}
