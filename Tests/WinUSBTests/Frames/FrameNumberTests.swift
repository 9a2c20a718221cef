// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSB
import Testing
import USBHost
import USBSpecification

@testable import WinUSB

/// Behaviour 14, frame numbers, and their relation to the performance counter.
@Suite("Frame numbers")
struct FrameNumberTests {
    private func current(_ session: Session) throws -> (frame: UInt32, time: Int64) {
        var frame: ULONG = 0
        var time = LARGE_INTEGER()
        let answer = answer { unsafe WinUsb_GetCurrentFrameNumber(session.interface, &frame, &time) }
        try #require(answer == .success)
        return (frame, Int64(unsafe time.QuadPart))
    }

    @Test(
        "The current frame, and the performance counter's value at that moment",
        arguments: [0, 999_999, 1_000_000, 777_123_456])
    func currentFrame(nanoseconds: Int64) throws {
        try Session.run { session in
            session.bus.advance(by: .nanoseconds(nanoseconds))
            let (frame, time) = try current(session)
            #expect(frame == 1_000_000 + UInt32(nanoseconds / 1_000_000))
            #expect(time == nanoseconds / 100)
            var counter = LARGE_INTEGER()
            #expect(unsafe QueryPerformanceCounter(&counter) == 1)
            #expect(unsafe counter.QuadPart == time)
            // The number is the one that a transfer takes.
            let buffer = try Registered(session, IsochronousDevice.out, frames: 1)
            var next = frame + 5
            #expect(buffer.write(0, 8192, frame: &next, nil) == .success)
            #expect(session.received.first?.position.frame == Frame(Int64(frame) + 5))
        }
    }

    @Test("Behaviour 14: a frame number is carried on by the milliseconds since its time stamp")
    func adjusted() throws {
        try Session.run { session in
            session.bus.advance(by: .milliseconds(1_000))
            for (ago, expected) in [
                (250_000, 1_250), (249_999, 1_249), (0, 1_000), (999, 1_000), (-1, 999), (-1_000, 999),
            ] {
                var stamp = LARGE_INTEGER()
                unsafe stamp.QuadPart = LONGLONG(10_000_000 - ago * 10)
                var frame: ULONG = 1_000
                #expect(answer { unsafe WinUsb_GetAdjustedFrameNumber(&frame, stamp) } == .success)
                #expect(frame == ULONG(expected))
            }
            #expect(answer { WinUsb_GetAdjustedFrameNumber(nil, LARGE_INTEGER()) } == .failure(87))
        }
    }

    @Test(
        "The arithmetic of frame numbers goes round, and has no ends",
        arguments: [
            (UInt32.max, 0, 10_000, 0), (.max, 0, 9_999, .max), (5, 60_001, 0, .max - 1), (5, 60_000, 0, .max),
            (7, 0, 42_949_672_960_000, 7), (7, .min, .max, 7), (7, .max, .min, 7),
        ] as [(UInt32, Int64, Int64, UInt32)])
    func arithmetic(number: UInt32, start: Int64, end: Int64, expected: UInt32) {
        let result = FrameArithmetic.adjusted(number, from: start, to: end)
        // Beyond the ends of the counter there is no right answer, and no trap.
        let (_, overflow) = end.subtractingReportingOverflow(start)
        #expect(result == expected || overflow)
    }

    @Test("Wrong arguments of the frame functions")
    func arguments() throws {
        try Session.run { session in
            var frame: ULONG = 0
            var time = LARGE_INTEGER()
            let interface = unsafe session.interface
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumber(nil, &frame, &time) } == .failure(6))
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumber(session.file, &frame, &time) } == .failure(6))
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumber(interface, nil, &time) } == .failure(87))
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumber(interface, &frame, nil) } == .failure(87))
            #expect(answer { WinUsb_StartTrackingForTimeSync(nil, nil) } == .failure(6))
            #expect(answer { unsafe WinUsb_StartTrackingForTimeSync(interface, nil) } == .failure(87))
            #expect(answer { WinUsb_StopTrackingForTimeSync(nil, nil) } == .failure(6))
            #expect(answer { unsafe WinUsb_StopTrackingForTimeSync(interface, nil) } == .failure(87))
            #expect(answer { WinUsb_GetCurrentFrameNumberAndQpc(nil, nil) } == .failure(6))
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumberAndQpc(interface, nil) } == .failure(87))
        }
    }

    @Test("Tracking for time sync: start, ask, stop")
    func timeSync() throws {
        try Session.run { session in
            session.bus.advance(by: .microseconds(12_345_678 + 130))
            let interface = unsafe session.interface
            var start = unsafe USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION()
            #expect(answer { unsafe WinUsb_StartTrackingForTimeSync(interface, &start) } == .success)
            var ask = unsafe USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION()
            let wrong = unsafe [nil, HANDLE(bitPattern: -1), interface]
            for index in unsafe wrong.indices {
                unsafe ask.TimeTrackingHandle = unsafe wrong[index]
                #expect(answer { unsafe WinUsb_GetCurrentFrameNumberAndQpc(interface, &ask) } == .failure(6))
            }
            unsafe ask.TimeTrackingHandle = unsafe start.TimeTrackingHandle
            unsafe ask.InputMicroFrameNumber = 8
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumberAndQpc(interface, &ask) } == .failure(87))
            unsafe ask.InputFrameNumber = 1_012_400
            unsafe ask.InputMicroFrameNumber = 3
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumberAndQpc(interface, &ask) } == .success)
            #expect(unsafe ask.QueryPerformanceCounterFrequency.QuadPart == 10_000_000)
            #expect(unsafe ask.CurrentUSBFrameNumber == 1_012_345)
            #expect(unsafe ask.CurrentHardwareFrameNumber == 1_012_345 & 0x7FF)
            #expect(unsafe ask.CurrentHardwareMicroFrameNumber == 6)
            #expect(unsafe ask.CurrentQueryPerformanceCounter.QuadPart == 123_458_080)
            let exact: Int64 = 12_400_375 * 10
            let told = unsafe ask.QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart
            #expect(abs(told - exact) <= Int64(unsafe ask.PredictedAccuracyInMicroSeconds) * 10)
            var stop = unsafe USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION()
            unsafe stop.TimeTrackingHandle = unsafe start.TimeTrackingHandle
            #expect(answer { unsafe WinUsb_StopTrackingForTimeSync(interface, &stop) } == .success)
            #expect(answer { unsafe WinUsb_StopTrackingForTimeSync(interface, &stop) } == .failure(6))
            #expect(answer { unsafe WinUsb_GetCurrentFrameNumberAndQpc(interface, &ask) } == .failure(6))
        }
    }
}
