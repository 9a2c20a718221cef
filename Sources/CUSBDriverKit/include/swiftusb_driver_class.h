// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What a driver's class has in place of what Apple's generator writes for it.
//
// On the Mac a driver declares its class in an .iig file, from which a generator of Apple's writes a header; the source
// file of the driver includes that header. The generator is not part of this library. Here the driver has a header of
// the same name, written by hand with the macros below, and its source file stays as it is:
//
// The .iig file on the Mac:
//
//     class ToneDriver : public IOService {
//     public:
//         virtual bool init() override;
//         virtual void free() override;
//         virtual kern_return_t Start(IOService *provider) override;
//     protected:
//         virtual void ToneComplete(OSAction *action, IOReturn status) TYPE(IOUSBHostPipe::CompleteAsyncIsochIO);
//     };
//
// The header here:
//
//     #define ToneDriver_Start_Args IOService_Start_Args
//     #define ToneDriver_ToneComplete_Args IOUSBHostPipe_CompleteAsyncIsochIO_Args
//
//     class ToneDriver : public IOService {
//         DECLARE_DRIVER(ToneDriver, IOService)
//     public:
//         virtual bool init() override;
//         virtual void free() override;
//         virtual kern_return_t Start_Impl(IOService *provider) override;
//     protected:
//         DECLARE_ACTION(ToneDriver, ToneComplete, TYPE(IOUSBHostPipe::CompleteAsyncIsochIO))
//     };
//
// - DECLARE_DRIVER stands first in the class. It declares `ivars` (a pointer to the structure `ToneDriver_IVars`),
//   `super`, and Start and Stop, which call Start_Impl and Stop_Impl, with SUPERDISPATCH those of the class above.
// - DECLARE_ACTION stands for a method with TYPE. It declares CreateActionToneComplete(size_t, OSAction **) and the
//   method that the source file defines, ToneComplete_Impl, with the parameters of its type. QUEUENAME(name) may follow
//   the type.
// - Start and Stop are declared as Start_Impl and Stop_Impl. Methods that are LOCALONLY stay as they are.
// - A source file that writes `void IMPL(ToneDriver, ToneComplete)` without parameters takes them from the macro
//   `ToneDriver_ToneComplete_Args`, which the generator writes too. One that writes
//   `void ToneDriver::ToneComplete_Impl(OSAction *action, IOReturn status)` needs no such macro.
//
// What is not here, or is another way:
//
// - A driver runs in the program that starts it. There are no methods that are called in another process or in the
//   kernel, no user clients, no properties and collections, no power states, and no sources of a queue such as timers.
// - Nobody stops a driver when its device is unplugged: its transfers end, every later call fails, and the program that
//   started the driver stops it.
// - Where a driver passes a block, `^{ … }`, it passes a lambda expression here, `[=] { … }`: blocks are an extension of
//   one compiler's, with a library of its own.
// - OSDynamicCast is the language's dynamic_cast, so that a driver is compiled with type information. There are no
//   metaclasses, and no OSTypeID.
// - Each call of a function such as CopyPipe makes a new object of C++, of which two may stand for the same pipe. An
//   OSAction is always the one that was passed.

#pragma once

#include <stddef.h>

/// Defines a method of a driver, with the parameters that `class_method_Args` lists.
#define IMPL(class_name, method) class_name::method##_Impl(class_name##_##method##_Args)

/// The method's type, in DECLARE_ACTION: one of the completions that a class of DriverKit declares.
#define TYPE(type) type

/// The queue on which the method runs, in DECLARE_ACTION. It is looked up when an action of it is first used.
#define QUEUENAME(name) #name

#ifndef LOCALONLY
#define LOCALONLY
#endif

/// How a method is called: NULL, or SUPERDISPATCH for that of the class above.
typedef const void *OSDispatchMethod;
#define SUPERDISPATCH ((OSDispatchMethod) ~(uintptr_t)0)

#define DECLARE_DRIVER(class_name, super_class) \
public: \
    using super = super_class; \
    struct class_name##_IVars *ivars = nullptr; \
    kern_return_t Start(IOService *provider, OSDispatchMethod supermethod = nullptr) { \
        return supermethod == SUPERDISPATCH ? super_class::Start_Impl(provider) : this->Start_Impl(provider); \
    } \
    kern_return_t Stop(IOService *provider, OSDispatchMethod supermethod = nullptr) { \
        return supermethod == SUPERDISPATCH ? super_class::Stop_Impl(provider) : this->Stop_Impl(provider); \
    } \
\
private:

/// For a class that is an OSObject and no IOService.
#define DECLARE_OBJECT(class_name, super_class) \
public: \
    using super = super_class; \
    struct class_name##_IVars *ivars = nullptr; \
\
private:

#define DECLARE_ACTION(class_name, method, ...) \
public: \
    kern_return_t CreateAction##method(size_t referenceSize, OSAction **action) { \
        return OSAction::CreateFor<class_name, SWIFTUSB_FIRST(__VA_ARGS__, ), &class_name::method##_Impl>( \
            this, SWIFTUSB_SECOND(__VA_ARGS__, kIOServiceDefaultQueueName, ), referenceSize, action); \
    } \
    SWIFTUSB_FIRST(__VA_ARGS__, )::Function method##_Impl;

#define SWIFTUSB_FIRST(first, ...) first
#define SWIFTUSB_SECOND(first, second, ...) second
