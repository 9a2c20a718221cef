// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What an asynchronous call calls when it ends.

#pragma once

#include <stdlib.h>

#include <functional>

#include "OSObject.h"

/// What runs when an action has been cancelled; a lambda expression here, a block on the Mac.
typedef std::function<void()> OSActionCancelHandler;

/// A method of an object, with memory for whoever made the action. A class makes them with the functions
/// `CreateAction…` that DECLARE_ACTION declares (see swiftusb_driver_class.h). An action keeps its object.
///
/// Calls keep the action until their last completion has returned: it may be released as soon as they have been made.
class OSAction : public OSObject {
public:
    using super = OSObject;

    /// The memory that was asked for, zeroed at first; NULL when none was.
    void *GetReference() { return reference; }

    /// Lets no completion reach the method any more, and runs `handler` on the method's queue when none is running.
    kern_return_t Cancel(OSActionCancelHandler handler) {
        cancelled.store(true, std::memory_order_release);
        kern_return_t status = Prepare();
        if (status != kIOReturnSuccess) return status;
        if (handler) queue->DispatchAsync(std::move(handler));
        return kIOReturnSuccess;
    }

    /// Makes an action of a method.
    template <class Target, class Type, typename Type::Function Target::*method>
    static kern_return_t CreateFor(Target *target, const char *queueName, size_t referenceSize, OSAction **action) {
        struct Method {
            static void Run(OSAction *action, const swiftusb_dk_completion *completion) {
                Type::template Call<Target, method>(static_cast<Target *>(action->target), action, completion);
            }
        };
        if (target == nullptr || action == nullptr) return kIOReturnBadArgument;
        OSAction *made = new (std::nothrow) OSAction(target, Type::kind, Method::Run, queueName);
        if (made == nullptr) return kIOReturnNoMemory;
        if (referenceSize > 0 && (made->reference = calloc(1, referenceSize)) == nullptr) {
            made->release();
            return kIOReturnNoMemory;
        }
        *action = made;
        return kIOReturnSuccess;
    }

    /// Makes a call with the action, which it keeps for each of `count` ends that the call may have; after the call
    /// `*accepted` of them are to come.
    template <class Call>
    static kern_return_t Submit(OSAction *action, swiftusb_dk_kind kind, uint32_t count, const uint32_t *accepted,
                                Call call) {
        if (action == nullptr || action->kind != kind) return kIOReturnBadArgument;
        kern_return_t status = action->Prepare();
        if (status != kIOReturnSuccess) return status;
        for (uint32_t kept = 0; kept < count; ++kept) action->retain();
        status = call(action->handle.get());
        uint32_t expected = status != kIOReturnSuccess ? 0 : accepted != nullptr ? *accepted : count;
        for (uint32_t kept = expected; kept < count; ++kept) action->release();
        return status;
    }
    template <class Call>
    static kern_return_t Submit(OSAction *action, swiftusb_dk_kind kind, Call call) {
        return Submit(action, kind, 1, nullptr, call);
    }

protected:
    ~OSAction() override {
        OSSafeRelease(queue);
        target->release();
        ::free(reference);
    }

private:
    using Completion = void (*)(OSAction *action, const swiftusb_dk_completion *completion);

    OSAction(OSObject *target, swiftusb_dk_kind kind, Completion run, const char *queueName)
        : target(target), kind(kind), run(run), queueName(queueName) {
        target->retain();
    }

    /// Finds the queue and tells the library of the action, the first time.
    kern_return_t Prepare() {
        std::lock_guard<std::mutex> locked(lock);
        if (handle.get() != nullptr) return kIOReturnSuccess;
        if (queue == nullptr) {
            kern_return_t status = target->CopyDispatchQueue(queueName, &queue);
            if (status != kIOReturnSuccess) return status;
        }
        return swiftusb_dk_action_create(kind, queue->LibraryObject(), Complete, this, handle.out());
    }

    static void Complete(void *context, const swiftusb_dk_completion *completion) {
        OSAction *action = static_cast<OSAction *>(context);
        if (!action->cancelled.load(std::memory_order_acquire)) action->run(action, completion);
        uint32_t ends = completion->index_count > 0 ? completion->index_count : 1;
        for (uint32_t end = 0; end < ends; ++end) action->release();
    }

    OSObject *const target;
    const swiftusb_dk_kind kind;
    const Completion run;
    const char *const queueName;
    void *reference = nullptr;
    std::mutex lock;
    IODispatchQueue *queue = nullptr;
    std::atomic<bool> cancelled{false};
    swiftusb::Handle handle;
};
