// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// swift-format-ignore-file: AlwaysUseLowerCamelCase

public import CMicrosoftUSB
internal import USB
internal import USBHost

/// A program's wish to be told of arrivals and removals.
///
/// The program's function runs on a thread of the notification's own, and each call ends before the next begins. A clock
/// that runs free stands still from the event to the end of the calls, or until they wait.
@safe private final class NotificationObject: HandleObject, @unchecked Sendable {
    /// What the program asked for.
    enum Filter {
        /// Interfaces of a class, or of every class; those are reported as interfaces of USB devices.
        case interfaces(GUID)
        /// The removal of the device of a file.
        case file(DeviceID)
        /// One device by its name; nil for every one.
        case instance(String?)
    }

    /// A call that is due.
    private struct Call {
        var action: CM_NOTIFY_ACTION
        var type: CM_NOTIFY_FILTER_TYPE
        /// The path, or the name of the device.
        var text: String
    }

    private let filter: Filter
    private let host: ProcessHost
    // Sound: only handed on; what it points at is the program's.
    private let context: PVOID?
    private let callback:
        @convention(c) (HCMNOTIFICATION?, PVOID?, CM_NOTIFY_ACTION, PCM_NOTIFY_EVENT_DATA?, DWORD) -> DWORD

    private let lock = Lock()
    private let changed: Condition
    private var handle: UInt = 0
    private var observation: DeviceEvents.Observation?
    private var known: [DeviceID: FoundDevice] = [:]
    private var calls: [Call] = []
    private var thread: UInt = 0
    private var isEnding = false
    private var hasEnded = false

    init(
        _ filter: Filter, on host: ProcessHost, context: PVOID?,
        callback:
            @escaping @convention(c) (
                HCMNOTIFICATION?, PVOID?, CM_NOTIFY_ACTION, PCM_NOTIFY_EVENT_DATA?, DWORD
            ) -> DWORD
    ) {
        self.filter = filter
        self.host = host
        unsafe self.context = unsafe context
        unsafe self.callback = unsafe callback
        changed = Condition(lock)
    }

    /// Begins to listen; `handle` is what the function is told.
    func start(_ handle: UInt) {
        lock.withLock { self.handle = handle }
        // The caller is a client before it first waits: the function may wait before.
        host.executor.addClient()
        startThread(name: "device notification") { [self] in run() }
        lock.withLock { while thread == 0 { changed.wait() } }
        // Subscribed first and listed second, so that no device is missed; one that comes in between is known then, and is
        // reported.
        let observation = host.controller.events.observe { [weak self] event in self?.note(event) }
        let devices = Discovery.devices(on: host)
        lock.withLock {
            self.observation = observation
            for device in devices { known[device.description.id] = device }
        }
    }

    private func note(_ event: DeviceEvent) {
        let hasCalls = lock.withLock {
            guard !isEnding else { return false }
            switch event {
            case .arrived(let description):
                let others = known.values.map(\.description)
                guard let device = Discovery.found(description, among: others, on: host) else { return false }
                known[description.id] = device
                return arrived(device)
            case .left(let id):
                guard let device = known.removeValue(forKey: id) else { return false }
                return left(device)
            }
        }
        guard hasCalls else { return }
        host.executor.addClient(lock.withLock { thread })
        lock.withLock { changed.broadcast() }
    }

    private func arrived(_ device: FoundDevice) -> Bool {
        switch filter {
        case .interfaces(let guid) where Discovery.lists(guid):
            add(CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL, device.interfacePath(guid))
        case .instance(let id) where id.map { $0.lowercased() == device.instanceID.lowercased() } ?? true:
            add(CM_NOTIFY_ACTION_DEVICEINSTANCEENUMERATED, device.instanceID)
            add(CM_NOTIFY_ACTION_DEVICEINSTANCESTARTED, device.instanceID)
        default: return false
        }
        return true
    }

    private func left(_ device: FoundDevice) -> Bool {
        switch filter {
        case .interfaces(let guid) where Discovery.lists(guid):
            add(CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL, device.interfacePath(guid))
        case .instance(let id) where id.map { $0.lowercased() == device.instanceID.lowercased() } ?? true:
            add(CM_NOTIFY_ACTION_DEVICEINSTANCEREMOVED, device.instanceID)
        case .file(let id) where id == device.description.id: add(CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE, "")
        default: return false
        }
        return true
    }

    private func add(_ action: CM_NOTIFY_ACTION, _ text: String) {
        let type: CM_NOTIFY_FILTER_TYPE =
            switch filter {
            case .interfaces: CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE
            case .file: CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE
            case .instance: CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE
            }
        calls.append(Call(action: action, type: type, text: text))
    }

    // MARK: The thread

    private func run() {
        lock.lock()
        thread = BusExecutor.currentThread
        changed.broadcast()
        while !isEnding {
            guard !calls.isEmpty else {
                host.executor.removeClient()
                changed.wait()
                continue
            }
            let call = calls.removeFirst()
            lock.unlock()
            ProcessHost.withHost(host) { make(call) }
            lock.lock()
        }
        hasEnded = true
        changed.broadcast()
        lock.unlock()
        host.executor.removeClient()
    }

    private func make(_ call: Call) {
        let prefix = MemoryLayout<CM_NOTIFY_FILTER_TYPE>.size + MemoryLayout<DWORD>.size
        let text = Text.wide(call.text) + [0]
        let guidSize = MemoryLayout<GUID>.size
        let textOffset = call.type == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE ? prefix + guidSize : prefix
        let size = max(MemoryLayout<CM_NOTIFY_EVENT_DATA>.size, textOffset + text.count * MemoryLayout<WCHAR>.size)
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: size, alignment: MemoryLayout<CM_NOTIFY_EVENT_DATA>.alignment)
        defer { unsafe memory.deallocate() }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe memory.storeBytes(of: call.type, as: CM_NOTIFY_FILTER_TYPE.self)
        if case .interfaces(let guid) = filter {
            unsafe memory.storeBytes(of: guid, toByteOffset: prefix, as: GUID.self)
        }
        if call.type != CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE {
            for (index, unit) in text.enumerated() {
                unsafe memory.storeBytes(
                    of: unit, toByteOffset: textOffset + index * MemoryLayout<WCHAR>.size, as: WCHAR.self)
            }
        }
        let handle = lock.withLock { self.handle }
        // Sound: the block is as large as the text needs and valid for the call; the program says what its function does.
        _ = unsafe callback(
            HCMNOTIFICATION(bitPattern: handle), context, call.action,
            memory.baseAddress?.assumingMemoryBound(to: CM_NOTIFY_EVENT_DATA.self), DWORD(size))
    }

    /// Ends it, and waits for a call that is under way, unless that is where it is ended from.
    override func handleClosed() {
        let (observation, mustWait) = lock.withLock {
            isEnding = true
            calls = []
            changed.broadcast()
            defer { self.observation = nil }
            return (self.observation, thread != BusExecutor.currentThread)
        }
        observation?.cancel()
        guard mustWait else { return }
        // The function may wait in bus time, which this thread must not hold up.
        host.executor.removeClient()
        lock.withLock { while !hasEnded { changed.wait() } }
        host.executor.addClient()
    }
}

private let filterSize = unsafe DWORD(MemoryLayout<CM_NOTIFY_FILTER>.size)

/// What a filter asks for, or what is wrong with it.
private func read(_ filter: PCM_NOTIFY_FILTER) -> Result<NotificationObject.Filter, ConfigurationFailure> {
    guard unsafe filter.pointee.cbSize == filterSize else { return .failure(.init(CR_INVALID_DATA)) }
    let flags = unsafe filter.pointee.Flags
    guard flags & ~DWORD(CM_NOTIFY_FILTER_VALID_FLAGS) == 0 else { return .failure(.init(CR_INVALID_FLAG)) }
    switch unsafe filter.pointee.FilterType {
    case CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE:
        guard flags & DWORD(CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES) == 0 else {
            return .success(.interfaces(Discovery.deviceInterface))
        }
        return unsafe .success(.interfaces(filter.pointee.u.DeviceInterface.ClassGuid))
    case CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE:
        let handle = unsafe filter.pointee.u.DeviceHandle.hTarget
        guard let file = unsafe HandleTable.shared.object(handle, as: DeviceFile.self) else {
            return .failure(.init(CR_INVALID_DATA))
        }
        return .success(.file(file.device.description.id))
    case CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE:
        guard flags & DWORD(CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES) == 0 else { return .success(.instance(nil)) }
        let id = unsafe withUnsafeBytes(of: filter.pointee.u.DeviceInstance.InstanceId) { bytes in
            let units = unsafe bytes.bindMemory(to: WCHAR.self)
            // Sound: a fixed array inside the structure, read up to its zero or its end.
            let end = unsafe units.firstIndex(of: 0) ?? units.count
            return unsafe String(wide: UnsafeBufferPointer(rebasing: units[..<end]))
        }
        return id.isEmpty ? .failure(.init(CR_INVALID_DEVICE_ID)) : .success(.instance(id))
    default: return .failure(.init(CR_INVALID_DATA))
    }
}

/// Has a function called for arrivals and removals from now on: of interfaces of a class, of one device or all, or for
/// the removal of the device of a file. What is there already is not reported.
///
/// Nothing is asked before a removal; what the function returns makes no difference.
///
/// CR_INVALID_POINTER (NULL), CR_INVALID_FLAG, CR_INVALID_DATA (`cbSize`, the kind, or the file is wrong),
/// CR_INVALID_DEVICE_ID or CR_OUT_OF_MEMORY.
///
/// Microsoft's page: "CM_Register_Notification function (cfgmgr32.h)".
@c @implementation
public func CM_Register_Notification(
    _ filter: PCM_NOTIFY_FILTER!, _ context: PVOID!, _ callback: PCM_NOTIFY_CALLBACK!,
    _ notification: PHCMNOTIFICATION!
) -> CONFIGRET {
    guard let filter = unsafe filter, let callback = unsafe callback, let notification = unsafe notification else {
        return CONFIGRET(CR_INVALID_POINTER)
    }
    switch unsafe read(filter) {
    case .failure(let failure): return failure.code
    case .success(let filter):
        let object = unsafe NotificationObject(
            filter, on: ProcessHost.current, context: context, callback: callback)
        guard let handle = unsafe HandleTable.shared.insert(object) else { return CONFIGRET(CR_OUT_OF_MEMORY) }
        unsafe notification.pointee = unsafe HCMNOTIFICATION(bitPattern: UInt(bitPattern: handle))
        object.start(UInt(bitPattern: handle))
        return CONFIGRET(CR_SUCCESS)
    }
}

/// Ends a notification. When it returns, the function is not running and is not called any more; called from inside that
/// function, it returns before the function does.
///
/// CR_INVALID_DATA: it is no notification's handle.
///
/// Microsoft's page: "CM_Unregister_Notification function (cfgmgr32.h)".
@c @implementation
public func CM_Unregister_Notification(_ notification: HCMNOTIFICATION!) -> CONFIGRET {
    guard unsafe HandleTable.shared.remove(notification, as: NotificationObject.self) != nil else {
        return CONFIGRET(CR_INVALID_DATA)
    }
    return CONFIGRET(CR_SUCCESS)
}
