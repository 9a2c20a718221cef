// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import USB
import USBHost
import VirtualUSB

@testable import Win32

@Suite("News of arrivals and removals")
struct NotificationTests {
    /// What a notification's function was told.
    private final class Listener: @unchecked Sendable {
        struct News: Hashable {
            var action: UInt32
            var text: String
            var time: Int64
        }
        let bus: VirtualBus
        let news = Log<News>()
        let heard: Carried
        let work: @Sendable () -> Void

        init(_ bus: VirtualBus, work: @escaping @Sendable () -> Void = {}) {
            self.bus = bus
            self.work = work
            heard = unsafe Carried(CreateSemaphoreA(nil, 0, 1_000, nil))
        }

        /// Waits until `count` calls have been made.
        func wait(_ count: Int) {
            for _ in 0..<count { #expect(unsafe WaitForSingleObject(heard.handle, INFINITE) == WAIT_OBJECT_0) }
        }
    }

    private static let callback: PCM_NOTIFY_CALLBACK = { _, context, action, event, size in
        guard let context = unsafe context, let event = unsafe event else { return 1 }
        let listener = unsafe Unmanaged<Listener>.fromOpaque(context).takeUnretainedValue()
        let isInterface = unsafe event.pointee.FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE
        let offset = isInterface ? 24 : 8
        let units = (0..<(Int(size) - offset) / 4).map {
            unsafe UnsafeRawPointer(event).loadUnaligned(fromByteOffset: offset + 4 * $0, as: WCHAR.self)
        }
        let now = listener.bus.clock.presentInstant.nanoseconds / 1_000_000
        listener.news.add(Listener.News(action: action.rawValue, text: text(units), time: now))
        listener.work()
        _ = unsafe ReleaseSemaphore(listener.heard.handle, 1, nil)
        return 0
    }

    private func filter(_ type: CM_NOTIFY_FILTER_TYPE, flags: Int32 = 0) -> CM_NOTIFY_FILTER {
        var filter = unsafe CM_NOTIFY_FILTER()
        unsafe filter.cbSize = unsafe DWORD(MemoryLayout<CM_NOTIFY_FILTER>.size)
        unsafe filter.FilterType = type
        unsafe filter.Flags = DWORD(flags)
        return unsafe filter
    }

    private func register(_ filter: CM_NOTIFY_FILTER, _ listener: Listener) -> HCMNOTIFICATION? {
        var filter = unsafe filter
        var handle: HCMNOTIFICATION?
        let context = unsafe Unmanaged.passUnretained(listener).toOpaque()
        #expect(unsafe CM_Register_Notification(&filter, context, NotificationTests.callback, &handle) == 0)
        return unsafe handle
    }

    @Test("Interfaces are told of at the moment when they come and go")
    func interfaces() throws {
        try onABus { bus in
            _ = try bus.attach(Speaker())
            let listener = Listener(bus) { Sleep(5) }
            var wanted = unsafe filter(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE)
            unsafe wanted.u.DeviceInterface.ClassGuid = Discovery.setupClass
            let handle = unsafe register(wanted, listener)
            Sleep(10)
            let attachment = try bus.attach(GadgetZero())
            listener.wait(1)
            attachment.unplug()
            listener.wait(1)
            let news = listener.news.elements
            #expect(news.map(\.action) == [0, 1])
            #expect(news.map(\.time) == [10, 15])
            let texts = Set(news.map(\.text))
            #expect(texts.count == 1)
            #expect(texts.first?.hasPrefix("\\\\?\\usb#vid_0525&pid_a4a0#") == true)
            #expect(texts.first?.hasSuffix("#{88bae032-5a81-49f0-bc3d-a4ff138216d6}") == true)
            #expect(unsafe CM_Unregister_Notification(handle) == 0)
            _ = try bus.attach(GadgetZero())
            Sleep(10)
            #expect(listener.news.elements.count == 2, "nothing is told after the end")
            unsafe close([listener.heard.handle])
        }
    }

    @Test("Unregistering waits for the call that is under way")
    func unregistering() throws {
        try onABus { bus in
            let done = Log<Bool>()
            let listener = Listener(bus) {
                Sleep(50)
                done.add(true)
            }
            let handle = unsafe register(
                filter(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE, flags: CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES),
                listener)
            _ = try bus.attach(GadgetZero())
            Sleep(10)
            #expect(listener.news.elements.count == 1 && done.elements.isEmpty)
            #expect(unsafe CM_Unregister_Notification(handle) == 0)
            #expect(done.elements == [true])
            #expect(unsafe CM_Unregister_Notification(handle) == DWORD(CR_INVALID_DATA))
            unsafe close([listener.heard.handle])
        }
    }

    @Test("One device is told of by its name, and a file's by the file")
    func instanceAndFile() throws {
        try onABus { bus in
            let attachment = try bus.attach(GadgetZero(), path: "2-3")
            let file = unsafe CreateFileA("usb:0525:a4a0", GENERIC_READ, 3, nil, 3, FILE_FLAG_OVERLAPPED, nil)
            let ofFile = Listener(bus)
            var fileFilter = unsafe filter(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE)
            unsafe fileFilter.u.DeviceHandle.hTarget = unsafe file
            let first = unsafe register(fileFilter, ofFile)
            let ofAll = Listener(bus)
            let second = unsafe register(
                filter(CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE, flags: CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES), ofAll)
            attachment.unplug()
            ofFile.wait(1)
            ofAll.wait(1)
            _ = try bus.attach(GadgetZero(), path: "2-3")
            ofAll.wait(2)
            #expect(ofFile.news.elements.map(\.action) == [5])
            #expect(ofAll.news.elements.map(\.action) == [9, 7, 8])
            #expect(Set(ofAll.news.elements.map(\.text)).count == 1)
            #expect(unsafe CM_Unregister_Notification(first) == 0 && CM_Unregister_Notification(second) == 0)
            unsafe close([file, ofFile.heard.handle, ofAll.heard.handle])
        }
    }

    @Test("A wrong filter is refused")
    func refusals() {
        onABus { _ in
            var handle: HCMNOTIFICATION?
            func register(_ filter: CM_NOTIFY_FILTER) -> CONFIGRET {
                var filter = unsafe filter
                return unsafe CM_Register_Notification(&filter, nil, NotificationTests.callback, &handle)
            }
            var wrong = unsafe filter(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE)
            unsafe wrong.cbSize = 16
            #expect(unsafe register(wrong) == DWORD(CR_INVALID_DATA))
            #expect(
                unsafe register(filter(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE, flags: 4)) == DWORD(CR_INVALID_FLAG))
            #expect(unsafe register(filter(CM_NOTIFY_FILTER_TYPE_MAX)) == DWORD(CR_INVALID_DATA))
            #expect(unsafe register(filter(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE)) == DWORD(CR_INVALID_DATA))
            #expect(unsafe register(filter(CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE)) == DWORD(CR_INVALID_DEVICE_ID))
            var right = unsafe filter(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE)
            #expect(
                unsafe CM_Register_Notification(nil, nil, NotificationTests.callback, &handle)
                    == DWORD(CR_INVALID_POINTER))
            #expect(unsafe CM_Register_Notification(&right, nil, nil, &handle) == DWORD(CR_INVALID_POINTER))
            #expect(
                unsafe CM_Register_Notification(&right, nil, NotificationTests.callback, nil)
                    == DWORD(CR_INVALID_POINTER))
        }
    }
}
