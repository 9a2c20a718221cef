// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// An owner of an object.

#pragma once

#include <DriverKit/OSObject.h>

/// Whether a pointer's owner is a new one (OSRetain) or the one that the object was handed over with (OSNoRetain).
struct OSRetainTag {};
struct OSNoRetainTag {};
constexpr OSRetainTag OSRetain{};
constexpr OSNoRetainTag OSNoRetain{};

/// A pointer that owns what it points at.
template <class Object>
class OSSharedPtr {
public:
    OSSharedPtr() = default;
    OSSharedPtr(decltype(nullptr)) {}
    OSSharedPtr(Object *object, OSRetainTag) : object(object) { OSSafeRetain(); }
    OSSharedPtr(Object *object, OSNoRetainTag) : object(object) {}
    OSSharedPtr(const OSSharedPtr &other) : object(other.object) { OSSafeRetain(); }
    OSSharedPtr(OSSharedPtr &&other) noexcept : object(other.detach()) {}
    ~OSSharedPtr() { OSSafeReleaseNULL(object); }

    OSSharedPtr &operator=(OSSharedPtr other) noexcept {
        std::swap(object, other.object);
        return *this;
    }

    void reset() { OSSafeReleaseNULL(object); }
    void reset(Object *other, OSRetainTag tag) { *this = OSSharedPtr(other, tag); }
    void reset(Object *other, OSNoRetainTag tag) { *this = OSSharedPtr(other, tag); }
    /// Gives up the object without releasing it.
    Object *detach() noexcept {
        Object *given = object;
        object = nullptr;
        return given;
    }

    Object *get() const { return object; }
    Object *operator->() const { return object; }
    Object &operator*() const { return *object; }
    explicit operator bool() const { return object != nullptr; }

private:
    void OSSafeRetain() {
        if (object != nullptr) object->retain();
    }

    Object *object = nullptr;
};
