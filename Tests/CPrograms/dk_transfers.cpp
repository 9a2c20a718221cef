// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Transfers of Gadget Zero through DriverKit, as a driver makes them: control, bulk, bundled, interrupt and
// isochronous, at once or with completions, and what they end with.

#include <atomic>
#include <vector>

#include "dk_check.h"

static const uint8_t kLoopback = 2, kSourceAndSink = 3;
static const uint8_t kBulkIn = 0x81, kBulkOut = 0x01, kIsochIn = 0x82, kIsochOut = 0x02, kInterruptIn = 0x83;
static const uint32_t kPacketSize = 1024;

// ---- The driver ---------------------------------------------------------------------------------------------------

struct TestDriver_IVars;

#define TestDriver_Start_Args IOService_Start_Args
#define TestDriver_Stop_Args IOService_Stop_Args
#define TestDriver_ReadComplete_Args IOUSBHostPipe_CompleteAsyncIO_Args
#define TestDriver_IsochComplete_Args IOUSBHostPipe_CompleteAsyncIsochIO_Args

class TestDriver : public IOService {
    DECLARE_DRIVER(TestDriver, IOService)
public:
    bool init() override;
    void free() override;
    kern_return_t Start_Impl(IOService *provider) override;
    kern_return_t Stop_Impl(IOService *provider) override;

    IOUSBHostPipe *Pipe(uint8_t address);
    kern_return_t Write(uint8_t byte, uint32_t length, uint32_t *moved);

    DECLARE_ACTION(TestDriver, ReadComplete, TYPE(IOUSBHostPipe::CompleteAsyncIO))
    DECLARE_ACTION(TestDriver, IsochComplete, TYPE(IOUSBHostPipe::CompleteAsyncIsochIO))
    DECLARE_ACTION(TestDriver, BundleComplete, TYPE(IOUSBHostPipe::CompleteAsyncIOBundled))
    DECLARE_ACTION(TestDriver, RequestComplete, TYPE(IOUSBHostDevice::CompleteAsyncDeviceRequest))
};

struct TestDriver_IVars {
    IOUSBHostDevice *device;
    IOUSBHostInterface *interface;
    std::atomic<int> running;
    std::atomic<int> completions;
    std::atomic<kern_return_t> status;
    std::atomic<uint32_t> byteCount;
    uint64_t lastTimestamp;
    // What ReadComplete does besides counting.
    int readsToGo;
    bool writesInside;
    IOBufferMemoryDescriptor *buffer;
    IOUSBHostPipe *in;
    // What the completion found in its own memory.
    std::vector<uint32_t> *seen;
    // Places of the ring that ended.
    std::atomic<uint32_t> places;
};

// One completion at a time: this is one.
struct Running {
    explicit Running(TestDriver_IVars *ivars) : ivars(ivars) { CHECK(ivars->running.fetch_add(1) == 0); }
    ~Running() {
        ivars->running.fetch_sub(1);
        ivars->completions.fetch_add(1);
    }
    TestDriver_IVars *ivars;
};

bool TestDriver::init() {
    if (!super::init()) return false;
    ivars = IONewZero(TestDriver_IVars, 1);
    if (ivars == nullptr) return false;
    ivars->seen = new std::vector<uint32_t>;
    return true;
}

void TestDriver::free() {
    if (ivars != nullptr) {
        OSSafeReleaseNULL(ivars->buffer);
        delete ivars->seen;
    }
    IOSafeDeleteNULL(ivars, TestDriver_IVars, 1);
    super::free();
}

kern_return_t IMPL(TestDriver, Start) {
    kern_return_t ret = Start(provider, SUPERDISPATCH);
    if (ret != kIOReturnSuccess) return ret;
    ivars->interface = OSDynamicCast(IOUSBHostInterface, provider);
    if (ivars->interface == nullptr) return kIOReturnNoDevice;
    ivars->interface->retain();
    ret = ivars->interface->Open(this, 0, nullptr);
    if (ret != kIOReturnSuccess) return ret;
    ret = ivars->interface->CopyDevice(&ivars->device);
    if (ret != kIOReturnSuccess) return ret;
    return ivars->interface->CreateIOBuffer(kIOMemoryDirectionInOut, 65536, &ivars->buffer);
}

kern_return_t IMPL(TestDriver, Stop) {
    OSSafeReleaseNULL(ivars->in);
    ivars->interface->Close(this, 0);
    OSSafeReleaseNULL(ivars->interface);
    OSSafeReleaseNULL(ivars->device);
    return Stop(provider, SUPERDISPATCH);
}

IOUSBHostPipe *TestDriver::Pipe(uint8_t address) {
    IOUSBHostPipe *pipe = nullptr;
    CHECK_SUCCEEDS(ivars->interface->CopyPipe(address, &pipe));
    return pipe;
}

// Writes so many of a byte.
kern_return_t TestDriver::Write(uint8_t byte, uint32_t length, uint32_t *moved) {
    IOBufferMemoryDescriptor *data = nullptr;
    IOAddressSegment range = {0, 0};
    CHECK_SUCCEEDS(IOBufferMemoryDescriptor::Create(kIOMemoryDirectionOut, length, 0, &data));
    CHECK_SUCCEEDS(data->GetAddressRange(&range));
    memset(reinterpret_cast<void *>(range.address), byte, length);
    IOUSBHostPipe *out = Pipe(kBulkOut);
    const kern_return_t ret = out->IO(data, length, moved, 5000);
    out->release();
    data->release();
    return ret;
}

void IMPL(TestDriver, ReadComplete) {
    Running running(ivars);
    IODispatchQueue *queue = nullptr;
    CHECK_SUCCEEDS(CopyDispatchQueue(kIOServiceDefaultQueueName, &queue));
    CHECK(queue->OnQueue());
    queue->release();
    ivars->status = status;
    ivars->byteCount = actualByteCount;
    CHECK(completionTimestamp >= ivars->lastTimestamp && completionTimestamp <= mach_absolute_time());
    ivars->lastTimestamp = completionTimestamp;
    if (action->GetReference() != nullptr) {
        ivars->seen->push_back(*static_cast<uint32_t *>(action->GetReference()));
    }
    if (ivars->writesInside) {
        uint32_t moved = 0;
        CHECK_SUCCEEDS(Write(0, 1024, &moved));
        CHECK(moved == 1024);
    }
    if (ivars->readsToGo > 0) {
        ivars->readsToGo -= 1;
        CHECK_SUCCEEDS(ivars->in->AsyncIO(ivars->buffer, 1024, action, 0));
    }
}

void IMPL(TestDriver, IsochComplete) {
    Running running(ivars);
    ivars->status = status;
    if (action->GetReference() != nullptr) {
        ivars->seen->push_back(*static_cast<uint32_t *>(action->GetReference()));
    }
}

void TestDriver::BundleComplete_Impl(OSAction *action, uint32_t ioCompletionIndex, uint32_t ioCompletionCount,
                                     const uint32_t *actualByteCountArray, int actualByteCountArrayCount,
                                     const kern_return_t *statusArray, int statusArrayCount) {
    Running running(ivars);
    CHECK(action != nullptr && ioCompletionIndex < 4 && ioCompletionCount > 0);
    CHECK(actualByteCountArrayCount == static_cast<int>(ioCompletionCount));
    CHECK(statusArrayCount == static_cast<int>(ioCompletionCount));
    for (uint32_t index = 0; index < ioCompletionCount; ++index) {
        CHECK_RETURNS(statusArray[index], kIOReturnSuccess);
        CHECK(actualByteCountArray[index] == 512);
    }
    ivars->places += ioCompletionCount;
}

void TestDriver::RequestComplete_Impl(OSAction *action, IOReturn status, uint32_t bytesTransferred) {
    Running running(ivars);
    CHECK(action != nullptr);
    ivars->status = status;
    ivars->byteCount = bytesTransferred;
}

// ---- Buffers and lists --------------------------------------------------------------------------------------------

namespace {

// Memory that is there as long as this.
template <class Element>
struct Buffer {
    explicit Buffer(size_t count) {
        CHECK_SUCCEEDS(IOBufferMemoryDescriptor::Create(kIOMemoryDirectionInOut, count * sizeof(Element), 0, &memory));
        IOAddressSegment range = {0, 0};
        CHECK_SUCCEEDS(memory->GetAddressRange(&range));
        at = reinterpret_cast<Element *>(range.address);
    }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { OSSafeReleaseNULL(memory); }
    Element &operator[](size_t index) { return at[index]; }

    IOBufferMemoryDescriptor *memory = nullptr;
    Element *at = nullptr;
};

// A transfer of so many entries, each with as many bytes.
struct Isoch {
    Isoch(size_t entries, uint32_t bytes) : data(entries * bytes + 1), frames(entries), count(entries) {
        for (size_t index = 0; index < entries; ++index) frames[index].requestCount = bytes;
    }
    bool AllEndWith(kern_return_t status, uint32_t bytes) {
        for (size_t index = 0; index < count; ++index) {
            if (frames[index].status != status || frames[index].completeCount != bytes) return false;
        }
        return true;
    }
    Buffer<uint8_t> data;
    Buffer<IOUSBIsochronousFrame> frames;
    size_t count;
};

uint64_t Now(TestDriver *driver) {
    uint64_t frame = 0, time = 0;
    CHECK_SUCCEEDS(driver->ivars->interface->GetFrameNumber(&frame, &time));
    CHECK(frame > 1024 && time <= mach_absolute_time());
    return frame;
}

// ---- Devices and interfaces ---------------------------------------------------------------------------------------

void Devices() {
    IOUSBHostDevice *device = nullptr;
    CHECK_RETURNS(swiftusb_driverkit_copy_device("1234:5678", &device), kIOReturnNotFound);
    CHECK_RETURNS(swiftusb_driverkit_copy_device("speaker", &device), kIOReturnBadArgument);
    CHECK_SUCCEEDS(swiftusb_driverkit_copy_device("0525:a4a0", &device));

    const IOUSBDeviceDescriptor *descriptor = device->CopyDeviceDescriptor();
    CHECK(descriptor != nullptr && USBToHost16(descriptor->idVendor) == 0x0525);
    CHECK(USBToHost16(descriptor->idProduct) == 0xA4A0 && descriptor->bNumConfigurations == 2);
    IOUSBHostFreeDescriptor(descriptor);
    IOUSBHostFreeDescriptor(nullptr);
    const IOUSBConfigurationDescriptor *configuration = device->CopyConfigurationDescriptorWithValue(kLoopback);
    CHECK(configuration != nullptr && configuration->bConfigurationValue == kLoopback);
    const IOUSBInterfaceDescriptor *interface = IOUSBGetNextInterfaceDescriptor(configuration, nullptr);
    CHECK(interface != nullptr && interface->bNumEndpoints == 2);
    IOUSBHostFreeDescriptor(configuration);
    CHECK(device->CopyConfigurationDescriptorWithValue(9) == nullptr);
    const IOUSBStringDescriptor *text = device->CopyStringDescriptor(1);
    CHECK(text != nullptr && text->bDescriptorType == kIOUSBDescriptorTypeString && text->bLength > 2);
    IOUSBHostFreeDescriptor(text);

    uint8_t speed = 0, address = 0;
    uint32_t port = 0;
    CHECK_SUCCEEDS(device->GetSpeed(&speed));
    CHECK(speed == kIOUSBHostConnectionSpeedHigh);
    CHECK_SUCCEEDS(device->GetAddress(&address));
    CHECK(address > 0 && address < 128);
    CHECK_SUCCEEDS(device->GetPortStatus(&port));
    CHECK((port & kIOUSBHostPortStatusConnectedSpeedMask) >> kIOUSBHostPortStatusConnectedSpeedPhase == speed);
    CHECK((port & kIOUSBHostPortStatusEnabled) != 0);

    uintptr_t iterator = 0;
    IOUSBHostInterface *first = nullptr, *second = nullptr;
    CHECK_SUCCEEDS(device->CreateInterfaceIterator(&iterator));
    CHECK_SUCCEEDS(device->CopyInterface(iterator, &first));
    CHECK(first != nullptr);
    CHECK_SUCCEEDS(device->CopyInterface(iterator, &second));
    CHECK(second == nullptr);
    CHECK_SUCCEEDS(device->DestroyInterfaceIterator(iterator));

    // One client at a time, and nothing without one.
    TestDriver *one = OSTypeAlloc(TestDriver), *other = OSTypeAlloc(TestDriver);
    IOUSBHostPipe *pipe = nullptr;
    CHECK_RETURNS(first->CopyPipe(kBulkIn, &pipe), kIOReturnNotOpen);
    CHECK_SUCCEEDS(first->Open(one, 0, nullptr));
    CHECK_RETURNS(first->Open(other, 0, nullptr), kIOReturnExclusiveAccess);
    CHECK_RETURNS(first->CopyPipe(0x8F, &pipe), kIOReturnNotFound);
    CHECK_SUCCEEDS(first->Close(one, 0));
    uint8_t setting = 1;
    CHECK_SUCCEEDS(first->Open(other, kOpenOptionsSelectAlternateInterface, &setting));
    CHECK_SUCCEEDS(first->CopyPipe(kIsochIn, &pipe));
    IOUSBStandardEndpointDescriptors endpoint;
    CHECK_SUCCEEDS(pipe->GetDescriptors(&endpoint, kIOUSBGetEndpointDescriptorOriginal));
    CHECK(endpoint.bcdUSB == 0x0200 && endpoint.descriptor.bEndpointAddress == kIsochIn);
    CHECK(IOUSBGetEndpointType(&endpoint.descriptor) == kIOUSBEndpointTypeIsochronous);
    pipe->release();
    configuration = first->CopyConfigurationDescriptor();
    interface = first->GetInterfaceDescriptor(configuration);
    CHECK(interface != nullptr && interface->bAlternateSetting == 1);
    IOUSBHostFreeDescriptor(configuration);
    CHECK_SUCCEEDS(first->Close(other, 0));
    other->release();
    one->release();
    first->release();
    device->release();
}

// ---- Control ------------------------------------------------------------------------------------------------------

void Requests(TestDriver *driver) {
    IOUSBHostInterface *interface = driver->ivars->interface;
    Buffer<uint8_t> data(64);
    uint16_t moved = 0;
    for (uint8_t index = 0; index < 64; ++index) data[index] = static_cast<uint8_t>(index * 3);
    CHECK_SUCCEEDS(interface->DeviceRequest(0x40, 0x5B, 0, 0, 64, data.memory, &moved, 1000));
    CHECK(moved == 64);
    memset(data.at, 0, 64);
    CHECK_SUCCEEDS(interface->DeviceRequest(0xC0, 0x5C, 0, 0, 64, data.memory, &moved, 1000));
    CHECK(moved == 64 && data[63] == 189);
    CHECK_RETURNS(interface->DeviceRequest(0xC0, 0x77, 0, 0, 8, data.memory, &moved, 1000), kUSBHostReturnPipeStalled);
    // A stall of the control endpoint is over with the next request.
    CHECK_SUCCEEDS(interface->DeviceRequest(0x80, kIOUSBDeviceRequestGetStatus, 0, 0, 2, data.memory, nullptr, 0));

    OSAction *action = nullptr, *wrong = nullptr;
    CHECK_SUCCEEDS(driver->CreateActionRequestComplete(0, &action));
    CHECK_SUCCEEDS(driver->CreateActionReadComplete(0, &wrong));
    int before = driver->ivars->completions;
    CHECK_SUCCEEDS(interface->AsyncDeviceRequest(0xC0, 0x5C, 0, 0, 32, data.memory, action, 0));
    WAIT_UNTIL(driver->ivars->completions == before + 1);
    CHECK(driver->ivars->byteCount == 32);
    CHECK_RETURNS(driver->ivars->status, kIOReturnSuccess);
    CHECK_RETURNS(interface->AsyncDeviceRequest(0xC0, 0x5C, 0, 0, 32, data.memory, wrong, 0), kIOReturnBadArgument);
    CHECK_RETURNS(interface->AsyncDeviceRequest(0xC0, 0x5C, 0, 0, 65, data.memory, action, 0), kIOReturnBadArgument);
    wrong->release();
    action->release();
    CHECK(driver->ivars->completions == before + 1);
}

// ---- Bulk ---------------------------------------------------------------------------------------------------------

void Bulk(TestDriver *driver) {
    uint32_t moved = 0;
    CHECK_SUCCEEDS(driver->Write(0, 8192, &moved));
    CHECK(moved == 8192);
    IOUSBHostPipe *in = driver->Pipe(kBulkIn), *out = driver->Pipe(kBulkOut);
    Buffer<uint8_t> data(8192);
    memset(data.at, 0xFF, 8192);
    CHECK_SUCCEEDS(in->IO(data.memory, 8192, &moved, 0));
    CHECK(moved == 8192 && data[0] == 0 && data[8191] == 0);
    CHECK_RETURNS(in->IO(data.memory, 8193, &moved, 0), kIOReturnBadArgument);

    // Depth, order, and a synchronous write from inside the completions.
    OSAction *actions[8];
    driver->ivars->in = in;
    driver->ivars->readsToGo = 100;
    driver->ivars->writesInside = true;
    driver->ivars->seen->clear();
    const int before = driver->ivars->completions;
    // On the driver's queue, where no completion comes in between.
    IODispatchQueue *queue = nullptr;
    CHECK_SUCCEEDS(driver->CopyDispatchQueue(kIOServiceDefaultQueueName, &queue));
    queue->DispatchSync([&] {
        for (uint32_t index = 0; index < 8; ++index) {
            CHECK_SUCCEEDS(driver->CreateActionReadComplete(sizeof(uint32_t), &actions[index]));
            *static_cast<uint32_t *>(actions[index]->GetReference()) = index;
            CHECK_SUCCEEDS(in->AsyncIO(driver->ivars->buffer, 1024, actions[index], 0));
            // The calls keep what they need.
            actions[index]->release();
        }
    });
    queue->release();
    WAIT_UNTIL(driver->ivars->completions == before + 108);
    CHECK_RETURNS(driver->ivars->status, kIOReturnSuccess);
    for (size_t index = 0; index < 108; ++index) CHECK((*driver->ivars->seen)[index] == index % 8);
    driver->ivars->writesInside = false;

    // A device that halts an endpoint: the pipe halts too, until the halt is cleared, on both sides.
    IOUSBHostInterface *interface = driver->ivars->interface;
    CHECK_SUCCEEDS(interface->DeviceRequest(0x02, kIOUSBDeviceRequestSetFeature, 0, kBulkOut, 0, nullptr, nullptr, 0));
    CHECK_RETURNS(driver->Write(0, 512, &moved), kUSBHostReturnPipeStalled);
    CHECK(moved == 0);
    CHECK(driver->Write(0, 512, &moved) != kIOReturnSuccess);
    CHECK_SUCCEEDS(out->ClearStall(false));
    CHECK_RETURNS(driver->Write(0, 512, &moved), kUSBHostReturnPipeStalled);
    CHECK_SUCCEEDS(out->ClearStall(true));
    CHECK_SUCCEEDS(driver->Write(0, 512, &moved));

    driver->ivars->in = nullptr;
    out->release();
    in->release();
}

void Bundles(TestDriver *driver) {
    IOUSBHostPipe *in = driver->Pipe(kBulkIn);
    std::vector<IOBufferMemoryDescriptor *> ring;
    OSAction *action = nullptr;
    uint32_t accepted = 0, lengths[4] = {512, 512, 512, 512}, submitted = 0;
    CHECK_SUCCEEDS(driver->CreateActionBundleComplete(0, &action));
    CHECK(in->AsyncIOBundled(0, 4, &accepted, lengths, 4, action, 0) != kIOReturnSuccess);
    CHECK_SUCCEEDS(in->CreateMemoryDescriptorRing(4));
    CHECK(in->CreateMemoryDescriptorRing(4) != kIOReturnSuccess);
    for (uint32_t index = 0; index < 4; ++index) {
        IOBufferMemoryDescriptor *memory = nullptr;
        CHECK_SUCCEEDS(IOBufferMemoryDescriptor::Create(kIOMemoryDirectionIn, 512, 0, &memory));
        CHECK_SUCCEEDS(in->SetMemoryDescriptor(memory, index));
        memory->release();
    }
    CHECK_RETURNS(in->AsyncIOBundled(0, 17, &accepted, lengths, 4, action, 0), kIOReturnBadArgument);
    for (int round = 0; round < 20; ++round) {
        CHECK_SUCCEEDS(in->AsyncIOBundled(0, 4, &accepted, lengths, 4, action, 0));
        CHECK(accepted > 0 && accepted <= 4);
        submitted += accepted;
        WAIT_UNTIL(driver->ivars->places == submitted);
    }
    action->release();
    in->release();
}

// ---- What has to be waited for ------------------------------------------------------------------------------------

// The loopback has nothing to give, so that reads stay.
void Waiting(TestDriver *driver) {
    IOUSBHostPipe *in = driver->Pipe(kBulkIn);
    OSAction *action = nullptr;
    uint32_t moved = 7;
    CHECK_SUCCEEDS(driver->CreateActionReadComplete(0, &action));
    CHECK_RETURNS(in->IO(driver->ivars->buffer, 512, &moved, 20), kIOReturnTimeout);
    CHECK(moved == 0);
    int before = driver->ivars->completions;
    CHECK_SUCCEEDS(in->AsyncIO(driver->ivars->buffer, 512, action, 20));
    WAIT_UNTIL(driver->ivars->completions == before + 1);
    CHECK_RETURNS(driver->ivars->status, kIOReturnTimeout);

    for (IOOptionBits option : {kIOUSBAbortSynchronous, kIOUSBAbortAsynchronous}) {
        before = driver->ivars->completions;
        for (int index = 0; index < 3; ++index) {
            CHECK_SUCCEEDS(in->AsyncIO(driver->ivars->buffer, 512, action, 0));
        }
        CHECK_SUCCEEDS(in->Abort(option, kIOReturnAborted, nullptr));
        WAIT_UNTIL(driver->ivars->completions == before + 3);
        CHECK_RETURNS(driver->ivars->status, kIOReturnAborted);
    }

    // The pipe works as before: what is written comes back.
    CHECK_SUCCEEDS(driver->Write(9, 100, &moved));
    CHECK_SUCCEEDS(in->IO(driver->ivars->buffer, 512, &moved, 1000));
    CHECK(moved == 100);

    // Closing ends what is left, and the pipe with it.
    before = driver->ivars->completions;
    CHECK_SUCCEEDS(in->AsyncIO(driver->ivars->buffer, 512, action, 0));
    action->release();
    CHECK_SUCCEEDS(swiftusb_driverkit_stop(driver));
    WAIT_UNTIL(driver->ivars->completions == before + 1);
    CHECK_RETURNS(driver->ivars->status, kIOReturnAborted);
    CHECK(in->IO(driver->ivars->buffer, 512, &moved, 1000) != kIOReturnSuccess);
    in->release();
}

// ---- Isochronous --------------------------------------------------------------------------------------------------

void Refusals(TestDriver *driver, IOUSBHostPipe *in, OSAction *action) {
    const int before = driver->ivars->completions;
    Isoch isoch(8, kPacketSize);
    IOBufferMemoryDescriptor *data = isoch.data.memory, *list = isoch.frames.memory;
    const uint64_t now = Now(driver);

    CHECK_RETURNS(in->IsochIO(nullptr, list, now + 20, action), kIOReturnBadArgument);
    CHECK_RETURNS(in->IsochIO(data, nullptr, now + 20, action), kIOReturnBadArgument);
    CHECK_SUCCEEDS(list->SetLength(0));
    CHECK_RETURNS(in->IsochIO(data, list, now + 20, action), kIOReturnBadArgument);
    CHECK_SUCCEEDS(list->SetLength(8 * 24 - 1));
    CHECK_RETURNS(in->IsochIO(data, list, now + 20, action), kIOReturnBadArgument);
    CHECK_SUCCEEDS(list->SetLength(8 * 24));
    isoch.frames[0].requestCount = kPacketSize + 1;
    CHECK_RETURNS(in->IsochIO(data, list, now + 20, action), kIOReturnBadArgument);
    isoch.frames[0].requestCount = kPacketSize;
    CHECK_SUCCEEDS(data->SetLength(8 * kPacketSize - 1));
    CHECK_RETURNS(in->IsochIO(data, list, now + 20, action), kIOReturnBadArgument);
    CHECK_SUCCEEDS(data->SetLength(8 * kPacketSize));

    CHECK_RETURNS(in->IsochIO(data, list, now - 1100, action), kIOReturnIsoTooOld);
    CHECK_RETURNS(in->IsochIO(data, list, now + 60000, action), kIOReturnIsoTooNew);
    CHECK_RETURNS(in->IsochIO(data, list, now - 1100, nullptr), kIOReturnIsoTooOld);

    OSAction *wrong = nullptr;
    CHECK_SUCCEEDS(driver->CreateActionReadComplete(0, &wrong));
    CHECK_RETURNS(in->IsochIO(data, list, now + 20, wrong), kIOReturnBadArgument);
    wrong->release();
    // Nothing of this is ever heard of again.
    IOSleep(100);
    CHECK(driver->ivars->completions == before);
}

void Chain(TestDriver *driver, IOUSBHostPipe *in, IOUSBHostPipe *out) {
    const size_t requests = 6, entries = 32;
    std::vector<Isoch *> transfers;
    const uint64_t first = Now(driver) + 50;
    const int before = driver->ivars->completions;
    driver->ivars->seen->clear();
    for (size_t index = 0; index < requests; ++index) {
        transfers.push_back(new Isoch(entries, 192));
        Isoch &transfer = *transfers.back();
        OSAction *action = nullptr;
        CHECK_SUCCEEDS(driver->CreateActionIsochComplete(sizeof(uint32_t), &action));
        *static_cast<uint32_t *>(action->GetReference()) = static_cast<uint32_t>(index);
        const uint64_t frame = first + index * entries;
        CHECK_SUCCEEDS(out->IsochIO(transfer.data.memory, transfer.frames.memory, frame, action));
        if (index == 0) {
            // Before any of it was sent, and there is no going back behind what is queued.
            CHECK(transfer.AllEndWith(kIOReturnInvalid, 0) || Now(driver) >= first);
            CHECK_RETURNS(out->IsochIO(transfer.data.memory, transfer.frames.memory, frame + entries - 1, action),
                          kIOReturnIsoTooOld);
        }
        action->release();
    }
    WAIT_UNTIL(driver->ivars->completions == before + static_cast<int>(requests));
    CHECK_RETURNS(driver->ivars->status, kIOReturnSuccess);
    uint64_t last = 0;
    for (size_t index = 0; index < requests; ++index) {
        CHECK((*driver->ivars->seen)[index] == index);
        CHECK(transfers[index]->AllEndWith(kIOReturnSuccess, 192));
        for (size_t entry = 0; entry < entries; ++entry) {
            CHECK(transfers[index]->frames[entry].timeStamp >= last);
            last = transfers[index]->frames[entry].timeStamp;
            CHECK(transfers[index]->frames[entry].requestCount == 192);
        }
        delete transfers[index];
    }
    CHECK(last <= mach_absolute_time());

    // Without a completion the call returns at the end; 0 is as soon as possible.
    for (uint64_t frame : {uint64_t{0}, Now(driver) + 100}) {
        Isoch transfer(16, kPacketSize);
        CHECK_SUCCEEDS(in->IsochIO(transfer.data.memory, transfer.frames.memory, frame, nullptr));
        CHECK(transfer.AllEndWith(kIOReturnSuccess, kPacketSize));
    }

    // What is late is left out, the rest comes in its own frames.
    Isoch late(300, 64);
    IOSleep(20);
    CHECK(in->IsochIO(late.data.memory, late.frames.memory, Now(driver) - 2, nullptr) != kIOReturnSuccess);
    CHECK(late.frames[0].status != kIOReturnSuccess && late.frames[0].completeCount == 0);
    CHECK(late.frames[299].status == kIOReturnSuccess && late.frames[299].completeCount == 64);

    // An entry without bytes is one too.
    Isoch mixed(8, 0);
    mixed.frames[3].requestCount = 1;
    CHECK_SUCCEEDS(in->IsochIO(mixed.data.memory, mixed.frames.memory, 0, nullptr));
    for (size_t entry = 0; entry < 8; ++entry) CHECK(mixed.frames[entry].completeCount == (entry == 3 ? 1u : 0u));
}

void Isochronous(TestDriver *driver) {
    IOUSBHostPipe *old = driver->Pipe(kBulkIn);
    uint32_t moved = 0;
    CHECK_SUCCEEDS(driver->ivars->interface->SelectAlternateSetting(1));
    CHECK(old->IO(driver->ivars->buffer, 512, &moved, 0) != kIOReturnSuccess);
    old->release();

    IOUSBHostPipe *in = driver->Pipe(kIsochIn), *out = driver->Pipe(kIsochOut);
    OSAction *action = nullptr;
    CHECK_SUCCEEDS(driver->CreateActionIsochComplete(0, &action));
    CHECK_RETURNS(in->IO(driver->ivars->buffer, 512, &moved, 0), kIOReturnUnsupported);
    Refusals(driver, in, action);
    Chain(driver, in, out);

    // An abort leaves what had not begun as it was.
    Isoch isoch(8, kPacketSize);
    const int before = driver->ivars->completions;
    CHECK_SUCCEEDS(in->IsochIO(isoch.data.memory, isoch.frames.memory, Now(driver) + 900, action));
    CHECK_SUCCEEDS(in->Abort(kIOUSBAbortSynchronous, kIOReturnAborted, nullptr));
    WAIT_UNTIL(driver->ivars->completions == before + 1);
    CHECK_RETURNS(driver->ivars->status, kIOReturnAborted);
    CHECK(isoch.frames[7].status == kIOReturnInvalid && isoch.frames[7].completeCount == 0);

    // Memory may be let go of while the transfer is under way.
    Isoch *gone = new Isoch(32, kPacketSize);
    CHECK_SUCCEEDS(in->IsochIO(gone->data.memory, gone->frames.memory, Now(driver) + 20, action));
    delete gone;
    WAIT_UNTIL(driver->ivars->completions == before + 2);
    CHECK_RETURNS(driver->ivars->status, kIOReturnSuccess);

    uint64_t current = 0, reference = 0, frame = Now(driver), time = 0;
    CHECK_SUCCEEDS(driver->ivars->interface->CurrentMicroframe(&current, &time));
    CHECK_SUCCEEDS(driver->ivars->interface->ReferenceMicroframe(&reference, nullptr));
    CHECK(current / 8 >= frame && reference / 8 + 1000 > frame);
    action->release();
    out->release();
    in->release();
}

void Interrupt(TestDriver *driver) {
    CHECK_SUCCEEDS(driver->ivars->interface->SelectAlternateSetting(2));
    IOUSBHostPipe *in = driver->Pipe(kInterruptIn);
    uint32_t moved = 0;
    CHECK_SUCCEEDS(in->IO(driver->ivars->buffer, 64, &moved, 0));
    CHECK(moved == 64);
    // Interrupt pipes have no timeout.
    CHECK_RETURNS(in->IO(driver->ivars->buffer, 64, &moved, 100), kIOReturnBadArgument);
    in->release();
    CHECK_SUCCEEDS(driver->ivars->interface->SelectAlternateSetting(0));
}

TestDriver *StartedDriver() {
    IOUSBHostInterface *interface = nullptr;
    CHECK_RETURNS(swiftusb_driverkit_copy_interface("0525:a4a0", 7, &interface), kIOReturnNotFound);
    CHECK_SUCCEEDS(swiftusb_driverkit_copy_interface("0525:a4a0", 0, &interface));
    TestDriver *driver = OSTypeAlloc(TestDriver);
    CHECK(driver->init());
    CHECK_SUCCEEDS(swiftusb_driverkit_start(driver, interface));
    interface->release();
    return driver;
}

void Configure(uint8_t value) {
    IOUSBHostDevice *device = nullptr;
    TestDriver *client = OSTypeAlloc(TestDriver);
    CHECK_SUCCEEDS(swiftusb_driverkit_copy_device("0525:a4a0", &device));
    CHECK_SUCCEEDS(device->Open(client, 0, 0));
    CHECK_SUCCEEDS(device->SetConfiguration(value, true));
    CHECK_SUCCEEDS(device->Close(client, 0));
    device->release();
    client->release();
}

}  // namespace

int main() {
    Devices();
    TestDriver *driver = StartedDriver();
    Requests(driver);
    Bulk(driver);
    Bundles(driver);
    Isochronous(driver);
    Interrupt(driver);
    CHECK_SUCCEEDS(swiftusb_driverkit_stop(driver));
    OSSafeReleaseNULL(driver);

    Configure(kLoopback);
    driver = StartedDriver();
    Waiting(driver);
    OSSafeReleaseNULL(driver);
    Configure(kSourceAndSink);
    printf("transfers: passed\n");
    return 0;
}
