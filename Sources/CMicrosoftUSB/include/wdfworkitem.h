// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Work items: the way from a completion routine, which is at DISPATCH_LEVEL, to the calls that wait.

#ifndef CMICROSOFTUSB_WDFWORKITEM_H
#define CMICROSOFTUSB_WDFWORKITEM_H

#include "wdfobject.h"

// Called at PASSIVE_LEVEL.
typedef VOID EVT_WDF_WORKITEM(WDFWORKITEM WorkItem);
typedef EVT_WDF_WORKITEM *PFN_WDF_WORKITEM;

typedef struct _WDF_WORKITEM_CONFIG {
    ULONG Size;
    PFN_WDF_WORKITEM EvtWorkItemFunc;
    BOOLEAN AutomaticSerialization;
} WDF_WORKITEM_CONFIG, *PWDF_WORKITEM_CONFIG;

FORCEINLINE VOID WDF_WORKITEM_CONFIG_INIT(PWDF_WORKITEM_CONFIG config, PFN_WDF_WORKITEM function) {
    memset(config, 0, sizeof *config);
    config->Size = WDF_STRUCTURE_SIZE(WDF_WORKITEM_CONFIG);
    config->EvtWorkItemFunc = function;
    config->AutomaticSerialization = TRUE;
}

EXTERN_C_START

NTSTATUS WdfWorkItemCreate(
    PWDF_WORKITEM_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFWORKITEM *WorkItem);
// Nothing more, if it stands in the queue already.
VOID WdfWorkItemEnqueue(WDFWORKITEM WorkItem);
WDFOBJECT WdfWorkItemGetParentObject(WDFWORKITEM WorkItem);
// Returns when the item has run, if it was enqueued.
VOID WdfWorkItemFlush(WDFWORKITEM WorkItem);

EXTERN_C_END

#endif
