// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Objects with a count of owners.

#pragma once

#include <atomic>
#include <mutex>
#include <new>

#include <swiftusb_driver_class.h>
#include <swiftusb_driverkit.h>
#include "IOReturn.h"
#include "IOTypes.h"

class IODispatchQueue;

/// The name of the queue on which an object's methods run unless they say otherwise.
#define kIOServiceDefaultQueueName "Default"

/// The longest name of a queue, with its end.
typedef char IODispatchQueueName[256];

namespace swiftusb {

/// An owner of an object of the library.
class Handle {
public:
    Handle() = default;
    /// Takes over the caller's ownership.
    explicit Handle(swiftusb_dk_object *object) : object(object) {}
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    ~Handle() { swiftusb_dk_release(object); }

    swiftusb_dk_object *get() const { return object; }
    swiftusb_dk_object **out() { return &object; }

private:
    swiftusb_dk_object *object = nullptr;
};

}  // namespace swiftusb

/// What all classes have in common.
class OSMetaClassBase {
public:
    OSMetaClassBase() = default;
    OSMetaClassBase(const OSMetaClassBase &) = delete;
    OSMetaClassBase &operator=(const OSMetaClassBase &) = delete;
    virtual void retain() const = 0;
    virtual void release() const = 0;

protected:
    virtual ~OSMetaClassBase() = default;
};

/// An object: made by OSTypeAlloc or a Create function, which give it its first owner, and ended by the last release.
class OSObject : public OSMetaClassBase {
public:
    using super = OSMetaClassBase;

    /// Makes a new object ready. A class that overrides it calls `super::init()` first.
    virtual bool init() { return true; }

    /// Runs when the last owner is gone. A class that overrides it calls `super::free()` last.
    virtual void free() { delete this; }

    void retain() const override { owners.fetch_add(1, std::memory_order_relaxed); }

    void release() const override {
        if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) const_cast<OSObject *>(this)->free();
    }

    /// Gives the object a queue of this name. Actions that have been used already stay where they are.
    kern_return_t SetDispatchQueue(const char *name, IODispatchQueue *queue);

    /// The queue of this name, with an owner more; the default queue is made when it is first asked for.
    /// kIOReturnNotFound when there is none.
    kern_return_t CopyDispatchQueue(const char *name, IODispatchQueue **queue);

protected:
    OSObject() = default;
    ~OSObject() override;

private:
    struct NamedQueue;

    mutable std::atomic<int32_t> owners{1};
    std::mutex queuesLock;
    NamedQueue *queues = nullptr;
};

/// A new object of a class, to be made ready with `init()`; NULL when there is no memory.
#define OSTypeAlloc(type) (new (std::nothrow) type)

/// The object as one of a class; NULL when it is none, or is NULL.
#define OSDynamicCast(type, object) (dynamic_cast<type *>(object))

/// The object as one of a class; the process ends when it is none.
#define OSRequiredCast(type, object) (::swiftusb::Required(dynamic_cast<type *>(object)))

/// One owner less of an object that may be NULL.
#define OSSafeRelease(object) \
    do { \
        if ((object) != nullptr) (object)->release(); \
    } while (0)

/// One owner less of an object that may be NULL, and the variable becomes NULL.
#define OSSafeReleaseNULL(object) \
    do { \
        if ((object) != nullptr) { \
            (object)->release(); \
            (object) = nullptr; \
        } \
    } while (0)

namespace swiftusb {

template <class Object>
Object *Required(Object *object) {
    if (object == nullptr) __builtin_trap();
    return object;
}

/// Hands an object of the library to the caller as one of the class that stands for it.
template <class Object>
kern_return_t Adopt(kern_return_t status, swiftusb_dk_object *handle, Object **object) {
    if (status != kIOReturnSuccess) return status;
    if (handle == nullptr) {
        *object = nullptr;
        return kIOReturnSuccess;
    }
    *object = Object::Adopting(handle);
    if (*object != nullptr) return kIOReturnSuccess;
    swiftusb_dk_release(handle);
    return kIOReturnNoMemory;
}

}  // namespace swiftusb

#include "IODispatchQueue.h"
