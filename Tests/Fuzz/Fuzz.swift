import Foundation

/// What libFuzzer throws bytes at. Each holds what it gets against something that must be true of it, so that not only
/// a crash is a finding.
private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "http-request": HTTPRequestFuzz.run,
    "event": EventFuzz.run,
    "token": TokenFuzz.run,
    "webhook": WebhookFuzz.run,
    "upstream": UpstreamFuzz.run,
]

/// `FUZZ_TARGET`: one program holds them all, so that the core is built once.
private let target: @Sendable ([UInt8]) -> Void = {
    guard let target = targets[ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""] else {
        fatalError("FUZZ_TARGET is none of \(targets.keys.sorted())")
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// A precondition that says what was broken in an optimized build too.
func hold(_ condition: Bool, _ claim: StaticString) {
    if !condition { fatalError("not true: \(claim)") }
}

/// By the byte: to Swift two strings are equal that only look the same.
func isSame(_ left: String?, _ right: String?) -> Bool {
    switch (left, right) {
    case (nil, nil): true
    case (let left?, let right?): left.utf8.elementsEqual(right.utf8)
    default: false
    }
}
