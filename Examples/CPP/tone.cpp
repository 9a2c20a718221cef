// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Plays a tone to a loudspeaker, as a driver for DriverKit does.
//
//   tone [VID:PID[:SERIAL] [INTERFACE [SECONDS [HERTZ]]]]
//
// The driver below takes the streaming interface of a USB Audio 1.0 device with 16-bit stereo, keeps eight requests of
// ten milliseconds under way and fills each again when it has ended. On the Mac, the class would be declared in an .iig
// file and main would be the system's part; from "The driver" on, the code is the same there.

#include <DriverKit/DriverKit.h>
#include <USBDriverKit/USBDriverKit.h>
#include <math.h>
#include <os/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <swiftusb_driverkit_host.h>

#include <atomic>

// ---- ToneDriver.h, in place of what is made from ToneDriver.iig ---------------------------------------------------

#define ToneDriver_Start_Args IOService_Start_Args
#define ToneDriver_Stop_Args IOService_Stop_Args
#define ToneDriver_ToneComplete_Args IOUSBHostPipe_CompleteAsyncIsochIO_Args

class ToneDriver : public IOService {
    DECLARE_DRIVER(ToneDriver, IOService)

public:
    virtual bool init() override;
    virtual void free() override;
    virtual kern_return_t Start_Impl(IOService *provider) override;
    virtual kern_return_t Stop_Impl(IOService *provider) override;

    // What is to be played, before Start; and whether it has been.
    void SetTone(double hertz, double seconds) LOCALONLY;
    bool IsDone() LOCALONLY;

private:
    kern_return_t FindStream() LOCALONLY;
    kern_return_t SetSampleRate() LOCALONLY;
    kern_return_t CreateRequests() LOCALONLY;
    kern_return_t Submit(uint32_t index) LOCALONLY;

    DECLARE_ACTION(ToneDriver, ToneComplete, TYPE(IOUSBHostPipe::CompleteAsyncIsochIO))
};

// ---- The driver ---------------------------------------------------------------------------------------------------

#define Log(format, ...) os_log(OS_LOG_DEFAULT, "ToneDriver: " format, ##__VA_ARGS__)

static constexpr uint32_t kRequests = 8;
static constexpr uint32_t kFramesPerRequest = 10;
static constexpr uint32_t kLeadFrames = 10;
static constexpr uint32_t kSampleRate = 48000;
static constexpr uint32_t kBytesPerSample = 4;
static constexpr uint32_t kTimeoutMs = 1000;

static constexpr uint8_t kAudioInterfaceDescriptor = 0x24;
static constexpr uint8_t kAudioFormatType = 0x02;
static constexpr uint8_t kAudioSetCurrent = 0x01;
static constexpr uint16_t kAudioSamplingFrequency = 0x0100;

struct ToneRequest {
    IOBufferMemoryDescriptor *data;
    IOBufferMemoryDescriptor *frameList;
    int16_t *samples;
    IOUSBIsochronousFrame *frames;
    OSAction *action;
};

struct ToneReference {
    uint32_t index;
};

struct ToneDriver_IVars {
    IOUSBHostInterface *interface;
    IOUSBHostPipe *pipe;
    uint8_t alternateSetting;
    uint8_t endpoint;
    uint32_t maxPacketSize;
    // Entries of a frame list, in a frame of 1 ms and in a request.
    uint32_t entriesPerFrame;
    uint32_t entries;

    ToneRequest requests[kRequests];
    uint64_t nextFrame;
    uint64_t nextEntry;
    uint64_t nextSample;
    uint64_t samplesToPlay;
    double hertz;

    bool isStopping;
    uint32_t underWay;
    uint64_t completed;
    uint64_t lost;
    uint64_t rebased;
    std::atomic<bool> isDone;
};

bool ToneDriver::init() {
    if (!super::init()) return false;
    ivars = IONewZero(ToneDriver_IVars, 1);
    if (ivars == nullptr) return false;
    SetTone(440, 1);
    return true;
}

void ToneDriver::free() {
    if (ivars != nullptr) {
        for (ToneRequest &request : ivars->requests) {
            OSSafeReleaseNULL(request.data);
            OSSafeReleaseNULL(request.frameList);
        }
    }
    IOSafeDeleteNULL(ivars, ToneDriver_IVars, 1);
    super::free();
}

void ToneDriver::SetTone(double hertz, double seconds) {
    ivars->hertz = hertz;
    ivars->samplesToPlay = static_cast<uint64_t>(seconds * kSampleRate);
}

bool ToneDriver::IsDone() { return ivars->isDone; }

// Looks for a setting of the interface that has an isochronous OUT endpoint and samples of 16 bits in stereo.
kern_return_t ToneDriver::FindStream() {
    uint8_t speed = 0;
    kern_return_t ret = kIOReturnNotFound;
    const IOUSBConfigurationDescriptor *configuration = ivars->interface->CopyConfigurationDescriptor();
    const IOUSBInterfaceDescriptor *own = ivars->interface->GetInterfaceDescriptor(configuration);
    const IOUSBInterfaceDescriptor *setting = nullptr;
    IOUSBHostDevice *device = nullptr;

    if (own == nullptr) goto done;
    ret = ivars->interface->CopyDevice(&device);
    if (ret != kIOReturnSuccess) goto done;
    ret = device->GetSpeed(&speed);
    if (ret != kIOReturnSuccess) goto done;

    ret = kIOReturnNotFound;
    while (ret != kIOReturnSuccess &&
           (setting = IOUSBGetNextInterfaceDescriptor(
                configuration, reinterpret_cast<const IOUSBDescriptorHeader *>(setting))) != nullptr) {
        if (setting->bInterfaceNumber != own->bInterfaceNumber) continue;
        const IOUSBDescriptorHeader *parent = reinterpret_cast<const IOUSBDescriptorHeader *>(setting);
        const IOUSBDescriptorHeader *format = parent;
        bool isKnown = false;
        while ((format = IOUSBGetNextAssociatedDescriptorWithType(configuration, parent, format,
                                                                  kAudioInterfaceDescriptor)) != nullptr) {
            const uint8_t *bytes = reinterpret_cast<const uint8_t *>(format);
            if (format->bLength >= 8 && bytes[2] == kAudioFormatType) isKnown = bytes[4] == 2 && bytes[5] == 2;
        }
        const IOUSBEndpointDescriptor *endpoint = nullptr;
        while (isKnown && (endpoint = IOUSBGetNextEndpointDescriptor(
                               configuration, setting,
                               reinterpret_cast<const IOUSBDescriptorHeader *>(endpoint))) != nullptr) {
            const uint32_t microframes = IOUSBGetEndpointIntervalMicroframes(speed, endpoint);
            if (IOUSBGetEndpointType(endpoint) != kIOUSBEndpointTypeIsochronous) continue;
            if (IOUSBGetEndpointDirection(endpoint) != kIOUSBEndpointDirectionOut) continue;
            if (microframes == 0 || microframes > 8) continue;
            ivars->alternateSetting = setting->bAlternateSetting;
            ivars->endpoint = IOUSBGetEndpointAddress(endpoint);
            ivars->maxPacketSize = IOUSBGetEndpointMaxPacketSize(speed, endpoint);
            ivars->entriesPerFrame = 8 / microframes;
            ivars->entries = ivars->entriesPerFrame * kFramesPerRequest;
            ret = kIOReturnSuccess;
        }
    }

done:
    OSSafeReleaseNULL(device);
    IOUSBHostFreeDescriptor(configuration);
    return ret;
}

// A loudspeaker that knows one rate only refuses this, and is left alone.
kern_return_t ToneDriver::SetSampleRate() {
    IOBufferMemoryDescriptor *buffer = nullptr;
    IOAddressSegment range = {};
    uint16_t moved = 0;
    kern_return_t ret = ivars->interface->CreateIOBuffer(kIOMemoryDirectionOut, 3, &buffer);
    if (ret != kIOReturnSuccess) return ret;
    ret = buffer->GetAddressRange(&range);
    if (ret == kIOReturnSuccess) {
        uint8_t *bytes = reinterpret_cast<uint8_t *>(range.address);
        bytes[0] = static_cast<uint8_t>(kSampleRate);
        bytes[1] = static_cast<uint8_t>(kSampleRate >> 8);
        bytes[2] = static_cast<uint8_t>(kSampleRate >> 16);
        ret = ivars->interface->DeviceRequest(0x22, kAudioSetCurrent, kAudioSamplingFrequency, ivars->endpoint, 3,
                                              buffer, &moved, kTimeoutMs);
    }
    buffer->release();
    return ret == kUSBHostReturnPipeStalled ? kIOReturnSuccess : ret;
}

kern_return_t ToneDriver::CreateRequests() {
    for (uint32_t index = 0; index < kRequests; ++index) {
        ToneRequest &request = ivars->requests[index];
        IOAddressSegment range = {};
        kern_return_t ret = ivars->interface->CreateIOBuffer(kIOMemoryDirectionOut,
                                                             ivars->entries * ivars->maxPacketSize, &request.data);
        if (ret != kIOReturnSuccess) return ret;
        ret = request.data->GetAddressRange(&range);
        if (ret != kIOReturnSuccess) return ret;
        request.samples = reinterpret_cast<int16_t *>(range.address);

        ret = ivars->interface->CreateIOBuffer(kIOMemoryDirectionInOut, ivars->entries * sizeof(IOUSBIsochronousFrame),
                                               &request.frameList);
        if (ret != kIOReturnSuccess) return ret;
        ret = request.frameList->GetAddressRange(&range);
        if (ret != kIOReturnSuccess) return ret;
        request.frames = reinterpret_cast<IOUSBIsochronousFrame *>(range.address);

        ret = CreateActionToneComplete(sizeof(ToneReference), &request.action);
        if (ret != kIOReturnSuccess) return ret;
        static_cast<ToneReference *>(request.action->GetReference())->index = index;
    }
    return kIOReturnSuccess;
}

// Fills a request with what comes next, and queues it directly behind the one before.
kern_return_t ToneDriver::Submit(uint32_t index) {
    ToneRequest &request = ivars->requests[index];
    int16_t *sample = request.samples;
    for (uint32_t entry = 0; entry < ivars->entries; ++entry) {
        // As many samples as have become due with this entry.
        const uint64_t rate = uint64_t{ivars->entriesPerFrame} * 1000;
        const uint64_t due = (ivars->nextEntry + 1) * kSampleRate / rate - ivars->nextEntry * kSampleRate / rate;
        ivars->nextEntry += 1;
        for (uint64_t count = 0; count < due; ++count) {
            const double turns = ivars->hertz * static_cast<double>(ivars->nextSample) / kSampleRate;
            const bool isSilent = ivars->nextSample >= ivars->samplesToPlay;
            const int16_t level = isSilent ? 0 : static_cast<int16_t>(lround(8192 * sin(turns * 2 * M_PI)));
            *sample++ = static_cast<int16_t>(HostToUSB16(level));
            *sample++ = static_cast<int16_t>(HostToUSB16(level));
            ivars->nextSample += 1;
        }
        request.frames[entry].status = kIOReturnInvalid;
        request.frames[entry].requestCount = static_cast<uint32_t>(due) * kBytesPerSample;
        request.frames[entry].completeCount = 0;
        request.frames[entry].reserved = 0;
        request.frames[entry].timeStamp = 0;
    }

    kern_return_t ret =
        ivars->pipe->IsochIO(request.data, request.frameList, ivars->nextFrame, request.action);
    if (ret == kIOReturnIsoTooOld || ret == kIOReturnIsoTooNew) {
        // The driver was late, or the bus slept: the plan begins anew. A call that fails has no completion, so that
        // without this the chain would end here.
        uint64_t now = 0;
        ret = ivars->interface->GetFrameNumber(&now, nullptr);
        if (ret != kIOReturnSuccess) return ret;
        ivars->nextFrame = now + kLeadFrames;
        ivars->rebased += 1;
        ret = ivars->pipe->IsochIO(request.data, request.frameList, ivars->nextFrame, request.action);
    }
    if (ret != kIOReturnSuccess) return ret;
    ivars->nextFrame += kFramesPerRequest;
    ivars->underWay += 1;
    return kIOReturnSuccess;
}

void IMPL(ToneDriver, ToneComplete) {
    const uint32_t index = static_cast<ToneReference *>(action->GetReference())->index;
    ivars->underWay -= 1;
    ivars->completed += 1;
    for (uint32_t entry = 0; entry < ivars->entries; ++entry) {
        if (ivars->requests[index].frames[entry].status != kIOReturnSuccess) ivars->lost += 1;
    }
    if (ivars->isStopping || status == kIOReturnAborted) {
        ivars->isDone = ivars->underWay == 0;
    } else if (ivars->nextSample < ivars->samplesToPlay) {
        kern_return_t ret = Submit(index);
        if (ret != kIOReturnSuccess) {
            Log("request %u: 0x%08x", index, static_cast<unsigned>(ret));
            ivars->isStopping = true;
            ivars->isDone = ivars->underWay == 0;
        }
    } else if (ivars->underWay == 0) {
        ivars->isDone = true;
    }
}

kern_return_t IMPL(ToneDriver, Start) {
    kern_return_t ret = Start(provider, SUPERDISPATCH);
    if (ret != kIOReturnSuccess) return ret;

    ivars->interface = OSDynamicCast(IOUSBHostInterface, provider);
    if (ivars->interface == nullptr) {
        Log("the provider is no interface");
        Stop(provider, SUPERDISPATCH);
        return kIOReturnNoDevice;
    }
    ivars->interface->retain();

    ret = ivars->interface->Open(this, 0, nullptr);
    if (ret != kIOReturnSuccess) goto fail;
    ret = FindStream();
    if (ret != kIOReturnSuccess) goto fail;
    ret = ivars->interface->SelectAlternateSetting(ivars->alternateSetting);
    if (ret != kIOReturnSuccess) goto fail;
    ret = SetSampleRate();
    if (ret != kIOReturnSuccess) goto fail;
    ret = ivars->interface->CopyPipe(ivars->endpoint, &ivars->pipe);
    if (ret != kIOReturnSuccess) goto fail;
    ret = CreateRequests();
    if (ret != kIOReturnSuccess) goto fail;

    ret = ivars->interface->GetFrameNumber(&ivars->nextFrame, nullptr);
    if (ret != kIOReturnSuccess) goto fail;
    ivars->nextFrame += kLeadFrames;
    for (uint32_t index = 0; index < kRequests; ++index) {
        ret = Submit(index);
        if (ret != kIOReturnSuccess) goto fail;
    }
    RegisterService();
    return kIOReturnSuccess;

fail:
    Log("no start: 0x%08x", static_cast<unsigned>(ret));
    Stop(provider);
    return ret;
}

kern_return_t IMPL(ToneDriver, Stop) {
    ivars->isStopping = true;
    if (ivars->pipe != nullptr) {
        ivars->pipe->Abort(kIOUSBAbortAsynchronous, kIOReturnAborted, nullptr);
        OSSafeReleaseNULL(ivars->pipe);
        Log("%{public}llu requests of %u ms, %llu entries lost, %llu times begun anew",
            static_cast<unsigned long long>(ivars->completed), kFramesPerRequest,
            static_cast<unsigned long long>(ivars->lost), static_cast<unsigned long long>(ivars->rebased));
    }
    // Each action keeps the driver.
    for (ToneRequest &request : ivars->requests) OSSafeReleaseNULL(request.action);
    if (ivars->interface != nullptr) {
        ivars->interface->SelectAlternateSetting(0);
        ivars->interface->Close(this, 0);
        OSSafeReleaseNULL(ivars->interface);
    }
    return Stop(provider, SUPERDISPATCH);
}

// ---- What the system does on the Mac ------------------------------------------------------------------------------

int main(int argc, char *argv[]) {
    const char *name = argc > 1 ? argv[1] : "1209:0001";
    const uint8_t number = static_cast<uint8_t>(argc > 2 ? atoi(argv[2]) : 1);
    const double seconds = argc > 3 ? atof(argv[3]) : 1;
    const double hertz = argc > 4 ? atof(argv[4]) : 440;

    IOUSBHostInterface *interface = nullptr;
    kern_return_t ret = swiftusb_driverkit_copy_interface(name, number, &interface);
    if (ret != kIOReturnSuccess) {
        fprintf(stderr, "tone: no interface %u of %s: 0x%08x\n", number, name, static_cast<unsigned>(ret));
        return 1;
    }
    ToneDriver *driver = OSTypeAlloc(ToneDriver);
    if (driver == nullptr || !driver->init()) return 1;
    driver->SetTone(hertz, seconds);
    ret = swiftusb_driverkit_start(driver, interface);
    if (ret == kIOReturnSuccess) {
        while (!driver->IsDone()) IOSleep(10);
        ret = swiftusb_driverkit_stop(driver);
        printf("%g seconds of %g Hz\n", seconds, hertz);
    }
    OSSafeReleaseNULL(driver);
    OSSafeReleaseNULL(interface);
    return ret == kIOReturnSuccess ? 0 : 1;
}
