// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

#if os(Linux)
/// The file system as far as the wire reads it: files, symbolic links, and what identifies a file.
struct KernelTree {
    private(set) var contents: [String: [UInt8]] = [:]
    private(set) var links: [String: String] = [:]
    /// Every path that exists, with its number.
    private(set) var identities: [String: UInt64] = [:]
    private var nextIdentity: UInt64 = 100

    /// Makes a file, and the directories above it.
    mutating func write(_ path: String, _ bytes: [UInt8]) {
        exist(path)
        contents[path] = bytes
    }

    mutating func write(_ path: String, _ text: String) { write(path, Array(text.utf8) + [UInt8(ascii: "\n")]) }

    mutating func link(_ path: String, to target: String) {
        exist(path)
        links[path] = target
    }

    mutating func exist(_ path: String) {
        var part = ""
        for name in path.split(separator: "/") {
            part += "/\(name)"
            guard identities[part] == nil else { continue }
            identities[part] = nextIdentity
            nextIdentity += 1
        }
    }

    /// Removes a path and all below it.
    mutating func remove(_ path: String) {
        func isInside(_ other: String) -> Bool { other == path || other.hasPrefix(path + "/") }
        contents = contents.filter { !isInside($0.key) }
        links = links.filter { !isInside($0.key) }
        identities = identities.filter { !isInside($0.key) }
    }

    /// The path with every link and every ".." on the way resolved; nil if there is no such file.
    func resolved(_ path: String) -> String? {
        var parts: [Substring] = []
        var rest = path.split(separator: "/")[...]
        while let part = rest.popFirst() {
            if part == ".." {
                _ = parts.popLast()
                continue
            }
            parts.append(part)
            let here = "/" + parts.joined(separator: "/")
            guard let target = links[here] else { continue }
            parts = []
            rest = target.split(separator: "/")[...] + rest
        }
        let result = "/" + parts.joined(separator: "/")
        return identities[result] == nil ? nil : result
    }

    func bytes(of path: String) -> [UInt8]? { resolved(path).flatMap { contents[$0] } }

    func identity(of path: String) -> UInt64? { resolved(path).flatMap { identities[$0] } }

    func entries(of path: String) -> [String]? {
        guard let place = resolved(path) else { return nil }
        let prefix = place + "/"
        let below = identities.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        return below.filter { !$0.contains("/") }.map(String.init)
    }
}
#endif
