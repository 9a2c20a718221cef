// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Objects, queues, actions and memory of DriverKit, without a device.

#include <atomic>
#include <thread>
#include <vector>

#include "dk_check.h"

namespace {

std::atomic<int> freed{0};

}  // namespace

// ---- A class over another -----------------------------------------------------------------------------------------

class Base : public IOService {
    DECLARE_DRIVER(Base, IOService)
public:
    void free() override;
    kern_return_t Start_Impl(IOService *provider) override;
    int started = 0;
};

class Derived : public Base {
    DECLARE_DRIVER(Derived, Base)
public:
    kern_return_t Start_Impl(IOService *provider) override;
    DECLARE_ACTION(Derived, Completed, TYPE(IOUSBHostPipe::CompleteAsyncIO))
    DECLARE_ACTION(Derived, CompletedElsewhere, TYPE(IOUSBHostPipe::CompleteAsyncIO), QUEUENAME(elsewhere))
};

void Base::free() {
    ++freed;
    super::free();
}

kern_return_t Base::Start_Impl(IOService *provider) {
    CHECK_SUCCEEDS(Start(provider, SUPERDISPATCH));
    started += 1;
    return kIOReturnSuccess;
}

kern_return_t Derived::Start_Impl(IOService *provider) {
    CHECK_SUCCEEDS(Start(provider, SUPERDISPATCH));
    CHECK(GetProvider() == provider);
    started += 10;
    return kIOReturnSuccess;
}

void Derived::Completed_Impl(OSAction *, IOReturn, uint32_t, uint64_t) { CHECK(!"no call was made"); }
void Derived::CompletedElsewhere_Impl(OSAction *, IOReturn, uint32_t, uint64_t) { CHECK(!"no call was made"); }

namespace {

void Owners() {
    Base *base = OSTypeAlloc(Base);
    CHECK(base->init());
    base->retain();
    base->release();
    CHECK(freed == 0);
    base->release();
    CHECK(freed == 1);

    // The last of many owners frees it, once.
    Derived *derived = OSTypeAlloc(Derived);
    std::vector<std::thread> threads;
    for (int index = 0; index < 4; ++index) {
        derived->retain();
        threads.emplace_back([derived] {
            for (int round = 0; round < 10000; ++round) {
                derived->retain();
                derived->release();
            }
            derived->release();
        });
    }
    for (std::thread &thread : threads) thread.join();
    CHECK(freed == 1);
    OSSafeReleaseNULL(derived);
    CHECK(freed == 2 && derived == nullptr);
    OSSafeReleaseNULL(derived);

    OSSharedPtr<Base> one(OSTypeAlloc(Base), OSNoRetain);
    {
        OSSharedPtr<Base> other = one;
        CHECK(other && other.get() == one.get() && other->init());
        one.reset();
        CHECK(!one && freed == 2);
    }
    CHECK(freed == 3);
}

void Casts() {
    Derived *derived = OSTypeAlloc(Derived);
    IOService *service = derived;
    OSObject *nothing = nullptr;
    CHECK(OSDynamicCast(Derived, service) == derived);
    CHECK(OSDynamicCast(Base, service) == derived);
    CHECK(OSDynamicCast(IOUSBHostInterface, service) == nullptr);
    CHECK(OSDynamicCast(Base, nothing) == nullptr);
    CHECK(OSRequiredCast(Base, service) == derived);
    derived->release();
}

void Starting() {
    Derived *derived = OSTypeAlloc(Derived);
    Base *provider = OSTypeAlloc(Base);
    CHECK(derived->init() && provider->init());
    CHECK_SUCCEEDS(swiftusb_driverkit_start(derived, provider));
    CHECK(derived->started == 11);
    CHECK_SUCCEEDS(swiftusb_driverkit_stop(derived));
    CHECK(derived->GetProvider() == nullptr);
    const int before = freed;
    provider->release();
    CHECK(freed == before + 1);
    derived->release();
    CHECK(freed == before + 2);
}

void Queues() {
    IODispatchQueue *queue = nullptr;
    CHECK_SUCCEEDS(IODispatchQueue::Create("order", 0, 0, &queue));
    CHECK(strcmp(queue->GetName(), "order") == 0);
    CHECK(!queue->OnQueue());

    // In order, and never two at once, whoever gives it what.
    std::atomic<int> running{0};
    std::vector<int> order;
    for (int index = 0; index < 1000; ++index) {
        queue->DispatchAsync([&, index] {
            CHECK(queue->OnQueue() && running.fetch_add(1) == 0);
            order.push_back(index);
            // On the queue itself a synchronous block runs at once.
            queue->DispatchSync([&] { CHECK(order.back() == index); });
            running.fetch_sub(1);
        });
    }
    queue->DispatchSync([&] { CHECK(order.size() == 1000); });
    for (int index = 0; index < 1000; ++index) CHECK(order[static_cast<size_t>(index)] == index);

    int called = 0;
    queue->DispatchSync_f(&called, [](void *context) { ++*static_cast<int *>(context); });
    CHECK(called == 1);
    std::atomic<bool> ended{false};
    CHECK_SUCCEEDS(queue->Cancel([&] { ended = true; }));
    WAIT_UNTIL(ended);
    queue->release();

    Derived *derived = OSTypeAlloc(Derived);
    IODispatchQueue *standard = nullptr, *again = nullptr;
    CHECK_RETURNS(derived->CopyDispatchQueue("elsewhere", &queue), kIOReturnNotFound);
    CHECK_SUCCEEDS(derived->CopyDispatchQueue(kIOServiceDefaultQueueName, &standard));
    CHECK_SUCCEEDS(derived->CreateDefaultDispatchQueue(&again));
    CHECK(standard == again);
    CHECK_SUCCEEDS(derived->SetDispatchQueue("elsewhere", standard));
    CHECK_SUCCEEDS(derived->CopyDispatchQueue("elsewhere", &queue));
    CHECK(queue == standard);
    queue->release();
    again->release();
    standard->release();
    derived->release();
}

void Actions() {
    Derived *derived = OSTypeAlloc(Derived);
    OSAction *action = nullptr, *empty = nullptr, *elsewhere = nullptr;
    CHECK_RETURNS(derived->CreateActionCompleted(8, nullptr), kIOReturnBadArgument);
    CHECK_SUCCEEDS(derived->CreateActionCompleted(64, &action));
    CHECK_SUCCEEDS(derived->CreateActionCompleted(0, &empty));
    CHECK_SUCCEEDS(derived->CreateActionCompletedElsewhere(0, &elsewhere));
    unsigned char *reference = static_cast<unsigned char *>(action->GetReference());
    for (int index = 0; index < 64; ++index) CHECK(reference[index] == 0);
    CHECK(action->GetReference() == reference && empty->GetReference() == nullptr);

    // A queue that nobody has set.
    CHECK_RETURNS(elsewhere->Cancel(nullptr), kIOReturnNotFound);
    elsewhere->release();
    std::atomic<bool> cancelled{false};
    CHECK_SUCCEEDS(empty->Cancel([&] { cancelled = true; }));
    WAIT_UNTIL(cancelled);
    empty->release();

    // An action keeps its object.
    const int before = freed;
    derived->release();
    CHECK(freed == before);
    action->release();
    CHECK(freed == before + 1);
}

void Memory() {
    IOBufferMemoryDescriptor *buffer = nullptr;
    CHECK_RETURNS(IOBufferMemoryDescriptor::Create(kIOMemoryDirectionInOut, 4096, 3, &buffer), kIOReturnBadArgument);
    CHECK_SUCCEEDS(IOBufferMemoryDescriptor::Create(kIOMemoryDirectionInOut, 4096, 64, &buffer));
    IOAddressSegment range = {0, 0};
    uint64_t length = 0;
    CHECK_SUCCEEDS(buffer->GetAddressRange(&range));
    CHECK(range.address % 64 == 0 && range.length == 4096);
    unsigned char *bytes = reinterpret_cast<unsigned char *>(range.address);
    for (int index = 0; index < 4096; ++index) CHECK(bytes[index] == 0);
    CHECK_SUCCEEDS(buffer->SetLength(24));
    CHECK_SUCCEEDS(buffer->GetLength(&length));
    CHECK(length == 24);
    CHECK_RETURNS(buffer->SetLength(4097), kIOReturnBadArgument);
    CHECK_SUCCEEDS(buffer->SetLength(4096));

    uint64_t address = 0;
    CHECK_SUCCEEDS(buffer->Map(0, 0, 0, 0, &address, &length));
    CHECK(address == range.address && length == 4096);
    CHECK_RETURNS(buffer->Map(0, 0, 4097, 0, &address, &length), kIOReturnBadArgument);

    IOMemoryMap *map = nullptr;
    CHECK_SUCCEEDS(buffer->CreateMapping(0, 0, 96, 0, 0, &map));
    CHECK(map->GetAddress() == range.address + 96 && map->GetLength() == 4000);
    IOMemoryDescriptor *part = nullptr;
    CHECK_RETURNS(IOMemoryDescriptor::CreateSubMemoryDescriptor(kIOMemoryDirectionInOut, 4000, 97, buffer, &part),
                  kIOReturnBadArgument);
    CHECK_SUCCEEDS(IOMemoryDescriptor::CreateSubMemoryDescriptor(kIOMemoryDirectionInOut, 4000, 96, buffer, &part));
    CHECK_SUCCEEDS(part->GetLength(&length));
    CHECK(length == 96);

    // Both keep the memory.
    buffer->release();
    reinterpret_cast<unsigned char *>(map->GetAddress())[3999] = 7;
    map->release();
    CHECK_SUCCEEDS(part->CreateMapping(0, 0, 0, 0, 0, &map));
    CHECK(reinterpret_cast<unsigned char *>(map->GetAddress())[95] == 7);
    map->release();
    part->release();

    struct Pair {
        int one, other;
    };
    Pair *pairs = IONewZero(Pair, 10);
    CHECK(pairs != nullptr && pairs[9].other == 0);
    IOSafeDeleteNULL(pairs, Pair, 10);
    CHECK(pairs == nullptr);
    IOSafeDeleteNULL(pairs, Pair, 10);
    CHECK((IONew(Pair, SIZE_MAX / 4)) == nullptr);
}

void Time() {
    mach_timebase_info_data_t info = {0, 0};
    CHECK_SUCCEEDS(mach_timebase_info(&info));
    CHECK(info.numer == 1 && info.denom == 1);
    const uint64_t before = mach_absolute_time();
    IOSleep(10);
    CHECK(mach_absolute_time() - before >= 10000000);
    IOLock *lock = IOLockAlloc();
    IOLockLock(lock);
    CHECK(!IOLockTryLock(lock));
    IOLockUnlock(lock);
    IOLockFree(lock);
}

}  // namespace

int main() {
    Owners();
    Casts();
    Starting();
    Queues();
    Actions();
    Memory();
    Time();
    printf("objects: passed\n");
    return 0;
}
