// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Annotations that drivers carry besides those of sal.h. They speak to Microsoft's analyser alone; here they vanish.

#ifndef CMICROSOFTUSB_DRIVERSPECS_H
#define CMICROSOFTUSB_DRIVERSPECS_H

#include "sal.h"

// The interrupt request level.
#define _IRQL_always_function_max_(level)
#define _IRQL_always_function_min_(level)
#define _IRQL_is_cancel_
#define _IRQL_limited_to_(level)
#define _IRQL_raises_(level)
#define _IRQL_requires_(level)
#define _IRQL_requires_max_(level)
#define _IRQL_requires_min_(level)
#define _IRQL_requires_same_
#define _IRQL_restores_
#define _IRQL_restores_global_(kind, parameter)
#define _IRQL_saves_
#define _IRQL_saves_global_(kind, parameter)
#define _IRQL_uses_cancel_

// The kernel's own conventions.
#define _Dispatch_type_(type)
#define _Inexpressible_(text)
#define _Kernel_clear_do_init_(answer)
#define _Kernel_acquires_resource_(kind)
#define _Kernel_releases_resource_(kind)
#define _Kernel_requires_resource_held_(kind)
#define _Kernel_requires_resource_not_held_(kind)
#define _Outptr_opt_result_bytebuffer_(n)
#define _Has_lock_level_(level)

// The spellings of the years before 2012.
#define __drv_aliasesMem
#define __drv_at(expression, annotations)
#define __drv_dispatchType(type)
#define __drv_freesMem(kind)
#define __drv_allocatesMem(kind)
#define __drv_functionClass(name)
#define __drv_in(annotations)
#define __drv_maxIRQL(level)
#define __drv_minIRQL(level)
#define __drv_mustHold(kind)
#define __drv_out(annotations)
#define __drv_raisesIRQL(level)
#define __drv_requiresIRQL(level)
#define __drv_restoresIRQL
#define __drv_sameIRQL
#define __drv_savesIRQL
#define __drv_strictType(type, strictness)
#define __drv_useCancelIRQL
#define __drv_when(condition, annotations)

#endif
