// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Objects: attributes, contexts, references, deletion.

#ifndef CMICROSOFTUSB_WDFOBJECT_H
#define CMICROSOFTUSB_WDFOBJECT_H

#include "wdfcore.h"
#include "wdftypes.h"

typedef enum _WDF_EXECUTION_LEVEL {
    WdfExecutionLevelInvalid = 0,
    WdfExecutionLevelInheritFromParent,
    WdfExecutionLevelPassive,
    WdfExecutionLevelDispatch
} WDF_EXECUTION_LEVEL;

typedef enum _WDF_SYNCHRONIZATION_SCOPE {
    WdfSynchronizationScopeInvalid = 0,
    WdfSynchronizationScopeInheritFromParent,
    WdfSynchronizationScopeDevice,
    WdfSynchronizationScopeQueue,
    WdfSynchronizationScopeNone
} WDF_SYNCHRONIZATION_SCOPE;

// Called when an object is deleted, and when its last reference is gone.
typedef VOID EVT_WDF_OBJECT_CONTEXT_CLEANUP(WDFOBJECT Object);
typedef EVT_WDF_OBJECT_CONTEXT_CLEANUP *PFN_WDF_OBJECT_CONTEXT_CLEANUP;
typedef VOID EVT_WDF_OBJECT_CONTEXT_DESTROY(WDFOBJECT Object);
typedef EVT_WDF_OBJECT_CONTEXT_DESTROY *PFN_WDF_OBJECT_CONTEXT_DESTROY;
typedef EVT_WDF_OBJECT_CONTEXT_CLEANUP EVT_WDF_DEVICE_CONTEXT_CLEANUP, EVT_WDF_FILE_CONTEXT_CLEANUP_CALLBACK;
typedef EVT_WDF_OBJECT_CONTEXT_CLEANUP EVT_WDF_IO_QUEUE_CONTEXT_CLEANUP_CALLBACK;
typedef EVT_WDF_OBJECT_CONTEXT_DESTROY EVT_WDF_DEVICE_CONTEXT_DESTROY, EVT_WDF_FILE_CONTEXT_DESTROY_CALLBACK;

struct _WDF_OBJECT_CONTEXT_TYPE_INFO;
typedef const struct _WDF_OBJECT_CONTEXT_TYPE_INFO *PCWDF_OBJECT_CONTEXT_TYPE_INFO;
typedef PCWDF_OBJECT_CONTEXT_TYPE_INFO (*PFN_GET_UNIQUE_CONTEXT_TYPE)(VOID);

// A kind of context. Its address is what tells kinds apart.
typedef struct _WDF_OBJECT_CONTEXT_TYPE_INFO {
    ULONG Size;
    LPCSTR ContextName;
    size_t ContextSize;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO UniqueType;
    PFN_GET_UNIQUE_CONTEXT_TYPE EvtDriverGetUniqueContextType;
} WDF_OBJECT_CONTEXT_TYPE_INFO, *PWDF_OBJECT_CONTEXT_TYPE_INFO;

// An object without ParentObject has the device, or the driver, for its parent, and goes with it.
typedef struct _WDF_OBJECT_ATTRIBUTES {
    ULONG Size;
    PFN_WDF_OBJECT_CONTEXT_CLEANUP EvtCleanupCallback;
    PFN_WDF_OBJECT_CONTEXT_DESTROY EvtDestroyCallback;
    WDF_EXECUTION_LEVEL ExecutionLevel;
    WDF_SYNCHRONIZATION_SCOPE SynchronizationScope;
    WDFOBJECT ParentObject;
    size_t ContextSizeOverride;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO ContextTypeInfo;
} WDF_OBJECT_ATTRIBUTES;

FORCEINLINE VOID WDF_OBJECT_ATTRIBUTES_INIT(PWDF_OBJECT_ATTRIBUTES attributes) {
    memset(attributes, 0, sizeof *attributes);
    attributes->Size = WDF_STRUCTURE_SIZE(WDF_OBJECT_ATTRIBUTES);
    attributes->ExecutionLevel = WdfExecutionLevelInheritFromParent;
    attributes->SynchronizationScope = WdfSynchronizationScopeInheritFromParent;
}

#define WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(attributes, type) \
    (attributes)->ContextTypeInfo = WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType
#define WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(attributes, type) \
    WDF_OBJECT_ATTRIBUTES_INIT(attributes); \
    WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(attributes, type)

EXTERN_C_START

NTSTATUS WdfObjectCreate(PWDF_OBJECT_ATTRIBUTES Attributes, WDFOBJECT *Object);
VOID WdfObjectDelete(WDFOBJECT Object);
VOID WdfObjectReferenceActual(WDFOBJECT Handle, PVOID Tag, LONG Line, PCCH File);
VOID WdfObjectDereferenceActual(WDFOBJECT Handle, PVOID Tag, LONG Line, PCCH File);
NTSTATUS WdfObjectAllocateContext(WDFOBJECT Handle, PWDF_OBJECT_ATTRIBUTES ContextAttributes, PVOID *Context);
PVOID WdfObjectGetTypedContextWorker(WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo);
WDFOBJECT WdfObjectContextGetObject(PVOID ContextPointer);

EXTERN_C_END

#define WdfObjectAllocateContext(handle, attributes, context) \
    (WdfObjectAllocateContext)(handle, attributes, SWIFTUSB_ANY_POINTER(context))
#define WdfObjectReference(handle) WdfObjectReferenceWithTag(handle, NULL)
#define WdfObjectReferenceWithTag(handle, tag) WdfObjectReferenceActual(handle, tag, __LINE__, __FILE__)
#define WdfObjectDereference(handle) WdfObjectDereferenceWithTag(handle, NULL)
#define WdfObjectDereferenceWithTag(handle, tag) WdfObjectDereferenceActual(handle, tag, __LINE__, __FILE__)
#define WdfObjectGetTypedContext(handle, type) \
    ((type *)WdfObjectGetTypedContextWorker((WDFOBJECT)(handle), WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType))

// ---- Declaring a kind of context ----------------------------------------------------------------------------------

#define WDF_TYPE_NAME_TO_TYPE_INFO(type) _WDF_##type##_TYPE_INFO
#define WDF_GET_CONTEXT_TYPE_INFO(type) (&WDF_TYPE_NAME_TO_TYPE_INFO(type))
#define WDF_TYPE_NAME_POINTER_TYPE(type) WDF_POINTER_TYPE_##type

#define WDF_DECLARE_CONTEXT_TYPE(type) WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, WdfObjectGet_##type)

// A constant, weak since every file that includes the driver's header has it, and the function that casts.
#define WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, function) \
    typedef type *WDF_TYPE_NAME_POINTER_TYPE(type); \
    EXTERN_C const WDF_OBJECT_CONTEXT_TYPE_INFO WDF_TYPE_NAME_TO_TYPE_INFO(type) __attribute__((__weak__)); \
    const WDF_OBJECT_CONTEXT_TYPE_INFO WDF_TYPE_NAME_TO_TYPE_INFO(type) = { \
        sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), #type, sizeof(type), WDF_GET_CONTEXT_TYPE_INFO(type), NULL}; \
    __attribute__((__unused__)) FORCEINLINE WDF_TYPE_NAME_POINTER_TYPE(type) function(WDFOBJECT handle) { \
        return (WDF_TYPE_NAME_POINTER_TYPE(type))WdfObjectGetTypedContextWorker( \
            handle, WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType); \
    }
#define WDF_DECLARE_SHARED_CONTEXT_TYPE_WITH_NAME(type, function) WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, function)

#endif
