// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

import CMicrosoftUSBDrivers
import Win32

/// What a driver wants of a new object (WDF_OBJECT_ATTRIBUTES), checked.
@safe struct ObjectAttributes {
    typealias Callback = @convention(c) (WDFOBJECT?) -> Void

    var cleanup: Callback?
    var destroy: Callback?
    var executionLevel = WdfExecutionLevelInheritFromParent
    var synchronizationScope = WdfSynchronizationScopeInheritFromParent
    var parent: FrameworkObject?
    /// The kind of context; nil for none.
    // Sound: a constant of the driver's.
    var contextType: PCWDF_OBJECT_CONTEXT_TYPE_INFO?
    /// The bytes of the context.
    var contextSize = 0

    /// Whether a driver may say which object the parent is.
    enum ParentRule { case optional, required, notAllowed }

    /// What a driver may say of the callbacks of an object.
    struct Choices: OptionSet {
        let rawValue: Int
        /// At which level they are called.
        static let executionLevel = Choices(rawValue: 1)
        /// Which of them are never called at the same time.
        static let synchronizationScope = Choices(rawValue: 2)
    }

    /// Nothing is wanted.
    static var none: ObjectAttributes { ObjectAttributes() }

    private init() {}

    /// The parent that a driver names, if what it wants has the right size and names one. Functions look for it before
    /// anything else.
    ///
    /// Bug check 0x10D, 5, of `function`: the handle names no object.
    static func parent(_ attributes: PWDF_OBJECT_ATTRIBUTES?, in function: String) throws(Refusal) -> FrameworkObject? {
        guard let attributes = unsafe attributes,
            unsafe attributes.pointee.Size == ULONG(MemoryLayout<WDF_OBJECT_ATTRIBUTES>.size),
            let handle = unsafe attributes.pointee.ParentObject
        else { return nil }
        return unsafe try Handles.object(handle, FrameworkObject.self, .any, in: function)
    }

    /// Checks what a driver wants; NULL is nothing. In this order:
    ///
    /// Bug check 0x10D, 5, of `function`: the parent's handle names no object. STATUS_WDF_PARENT_NOT_SPECIFIED: NULL where
    /// a parent is required. STATUS_INFO_LENGTH_MISMATCH: another size, of the structure or of that of the context's kind.
    /// STATUS_WDF_OBJECT_ATTRIBUTES_INVALID: a context without a name, or one that is to be smaller than its kind, or is
    /// of none. STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED, STATUS_WDF_PARENT_NOT_SPECIFIED: the parent's rule.
    /// STATUS_WDF_OBJECT_ATTRIBUTES_INVALID: a level or scope that there is not.
    /// STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID, STATUS_WDF_EXECUTION_LEVEL_INVALID: one that is not for this object.
    init(
        _ attributes: PWDF_OBJECT_ATTRIBUTES?, parent rule: ParentRule = .optional, choices: Choices = [],
        in function: String
    ) throws(Refusal) {
        if rule != .notAllowed { parent = unsafe try ObjectAttributes.parent(attributes, in: function) }
        guard let attributes = unsafe attributes else {
            guard rule != .required else { throw Refusal(STATUS_WDF_PARENT_NOT_SPECIFIED) }
            return
        }
        let given = unsafe attributes.pointee
        guard unsafe given.Size == ULONG(MemoryLayout<WDF_OBJECT_ATTRIBUTES>.size) else {
            throw Refusal(.infoLengthMismatch)
        }
        unsafe cleanup = unsafe given.EvtCleanupCallback
        unsafe destroy = unsafe given.EvtDestroyCallback
        executionLevel = unsafe given.ExecutionLevel
        synchronizationScope = unsafe given.SynchronizationScope
        unsafe try checkContext(given)
        switch rule {
        case .notAllowed where unsafe given.ParentObject != nil:
            throw Refusal(STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED)
        case .required where parent == nil: throw Refusal(STATUS_WDF_PARENT_NOT_SPECIFIED)
        default: break
        }
        try check(choices)
    }

    private mutating func checkContext(_ given: WDF_OBJECT_ATTRIBUTES) throws(Refusal) {
        guard let type = unsafe given.ContextTypeInfo else {
            guard unsafe given.ContextSizeOverride == 0 else { throw Refusal(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID) }
            return
        }
        // The first version of the structure had neither of the last two members.
        let sizes = unsafe [MemoryLayout<WDF_OBJECT_CONTEXT_TYPE_INFO>.size, 24]
        guard unsafe sizes.contains(Int(type.pointee.Size)) else { throw Refusal(.infoLengthMismatch) }
        let size = unsafe type.pointee.ContextSize
        guard unsafe size == 0 || type.pointee.ContextName != nil else {
            throw Refusal(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID)
        }
        let override = unsafe given.ContextSizeOverride
        guard override == 0 || override >= size else { throw Refusal(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID) }
        unsafe contextType = unsafe type
        contextSize = Int(clamping: override == 0 ? size : override)
    }

    private func check(_ choices: Choices) throws(Refusal) {
        guard executionLevel.rawValue > WdfExecutionLevelInvalid.rawValue,
            executionLevel.rawValue <= WdfExecutionLevelDispatch.rawValue,
            synchronizationScope.rawValue > WdfSynchronizationScopeInvalid.rawValue,
            synchronizationScope.rawValue <= WdfSynchronizationScopeNone.rawValue
        else { throw Refusal(STATUS_WDF_OBJECT_ATTRIBUTES_INVALID) }
        let scopes = [WdfSynchronizationScopeInheritFromParent, WdfSynchronizationScopeNone]
        guard choices.contains(.synchronizationScope) || scopes.contains(synchronizationScope) else {
            throw Refusal(STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID)
        }
        guard choices.contains(.executionLevel) || executionLevel == WdfExecutionLevelInheritFromParent else {
            throw Refusal(STATUS_WDF_EXECUTION_LEVEL_INVALID)
        }
    }
}
