// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Serial queues.

#pragma once

#include <string.h>

#include <functional>

#include "OSObject.h"

/// What a queue runs. On the Mac it is a block, an extension of the compiler's; here a lambda expression stands where a
/// block stands, `[=] { … }` for `^{ … }`.
typedef std::function<void()> IODispatchBlock;
typedef std::function<void()> IODispatchQueueCancelHandler;
typedef void (*IODispatchFunction)(void *context);

/// A queue that runs what it is given in order, and never two at once.
class IODispatchQueue : public OSObject {
public:
    using super = OSObject;

    /// Makes a queue. `options` and `priority` are 0 on the Mac; here they are not looked at.
    static kern_return_t Create(const char *name, uint64_t options, uint64_t priority, IODispatchQueue **queue) {
        (void)options;
        (void)priority;
        if (name == nullptr || queue == nullptr || strlen(name) >= sizeof(IODispatchQueueName)) {
            return kIOReturnBadArgument;
        }
        swiftusb_dk_object *made = nullptr;
        kern_return_t status = swiftusb_dk_queue_create(name, &made);
        if (status != kIOReturnSuccess) return status;
        *queue = new (std::nothrow) IODispatchQueue(made, name);
        if (*queue != nullptr) return kIOReturnSuccess;
        swiftusb_dk_release(made);
        return kIOReturnNoMemory;
    }

    /// Whether the calling thread runs something of this queue.
    bool OnQueue() { return swiftusb_dk_queue_on_queue(handle.get()); }

    const char *GetName() { return name; }

    /// Runs `block` some time, behind what is there already.
    void DispatchAsync(IODispatchBlock block) {
        swiftusb_dk_queue_dispatch_async(handle.get(), new IODispatchBlock(std::move(block)), RunOwned);
    }
    void DispatchAsync_f(void *context, IODispatchFunction function) {
        swiftusb_dk_queue_dispatch_async(handle.get(), context, function);
    }

    /// Runs `block` and returns when it has run. On the queue itself it runs at once.
    void DispatchSync(IODispatchBlock block) {
        swiftusb_dk_queue_dispatch_sync(handle.get(), &block, RunBorrowed);
    }
    void DispatchSync_f(void *context, IODispatchFunction function) {
        swiftusb_dk_queue_dispatch_sync(handle.get(), context, function);
    }

    /// Runs `handler` behind everything that is there.
    kern_return_t Cancel(IODispatchQueueCancelHandler handler) {
        if (handler) DispatchAsync(std::move(handler));
        return kIOReturnSuccess;
    }

    /// The library's object, borrowed.
    swiftusb_dk_object *LibraryObject() const { return handle.get(); }

protected:
    IODispatchQueue(swiftusb_dk_object *object, const char *queueName) : handle(object) {
        memcpy(name, queueName, strlen(queueName) + 1);
    }

private:
    static void RunOwned(void *context) {
        IODispatchBlock *block = static_cast<IODispatchBlock *>(context);
        (*block)();
        delete block;
    }
    static void RunBorrowed(void *context) { (*static_cast<IODispatchBlock *>(context))(); }

    swiftusb::Handle handle;
    IODispatchQueueName name;
};

struct OSObject::NamedQueue {
    IODispatchQueueName name;
    IODispatchQueue *queue;
    NamedQueue *next;
};

inline OSObject::~OSObject() {
    while (queues != nullptr) {
        NamedQueue *first = queues;
        queues = first->next;
        first->queue->release();
        delete first;
    }
}

inline kern_return_t OSObject::SetDispatchQueue(const char *name, IODispatchQueue *queue) {
    if (name == nullptr || queue == nullptr || strlen(name) >= sizeof(IODispatchQueueName)) return kIOReturnBadArgument;
    IODispatchQueue *before = nullptr;
    {
        std::lock_guard<std::mutex> locked(queuesLock);
        NamedQueue *named = queues;
        while (named != nullptr && strcmp(named->name, name) != 0) named = named->next;
        if (named == nullptr) {
            named = new (std::nothrow) NamedQueue{{}, nullptr, queues};
            if (named == nullptr) return kIOReturnNoMemory;
            memcpy(named->name, name, strlen(name) + 1);
            queues = named;
        }
        before = named->queue;
        queue->retain();
        named->queue = queue;
    }
    OSSafeRelease(before);
    return kIOReturnSuccess;
}

inline kern_return_t OSObject::CopyDispatchQueue(const char *name, IODispatchQueue **queue) {
    if (name == nullptr || queue == nullptr) return kIOReturnBadArgument;
    {
        std::lock_guard<std::mutex> locked(queuesLock);
        for (NamedQueue *named = queues; named != nullptr; named = named->next) {
            if (strcmp(named->name, name) == 0) {
                named->queue->retain();
                *queue = named->queue;
                return kIOReturnSuccess;
            }
        }
        if (strcmp(name, kIOServiceDefaultQueueName) != 0) return kIOReturnNotFound;
        NamedQueue *named = new (std::nothrow) NamedQueue{{}, nullptr, queues};
        if (named == nullptr) return kIOReturnNoMemory;
        kern_return_t status = IODispatchQueue::Create(name, 0, 0, &named->queue);
        if (status != kIOReturnSuccess) {
            delete named;
            return status;
        }
        memcpy(named->name, name, strlen(name) + 1);
        queues = named;
        named->queue->retain();
        *queue = named->queue;
    }
    return kIOReturnSuccess;
}
