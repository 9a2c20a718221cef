// Synchronous writes as a driver for the Windows Driver Framework makes them, through libswiftusb.so.
#include <swiftusb/driver.h>

#include "peer.h"

static void check(NTSTATUS status, const char *what) {
    if (NT_SUCCESS(status)) return;
    fprintf(stderr, "%s: status 0x%08X\n", what, (unsigned)status);
    exit(1);
}

// The name of the device whose node this is: a node begins with the device's descriptor.
static void read_name(const char *path, char *name, size_t size) {
    unsigned char descriptor[18];
    int node = open(path, O_RDONLY | O_CLOEXEC);
    if (node < 0 || read(node, descriptor, sizeof descriptor) != sizeof descriptor) die(path);
    close(node);
    snprintf(name, size, "%02x%02x:%02x%02x", descriptor[9], descriptor[8], descriptor[11], descriptor[10]);
}

static WDFUSBPIPE find_pipe(const struct job *job, WDFUSBDEVICE device) {
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS configuration;
    WDF_USB_DEVICE_SELECT_CONFIG_PARAMS_INIT_SINGLE_INTERFACE(&configuration);
    check(WdfUsbTargetDeviceSelectConfig(device, WDF_NO_OBJECT_ATTRIBUTES, &configuration), "configuration");
    WDFUSBINTERFACE interface = configuration.Types.SingleInterface.ConfiguredUsbInterface;
    if (WdfUsbInterfaceGetInterfaceNumber(interface) != job->interface) usage();
    WDF_USB_INTERFACE_SELECT_SETTING_PARAMS setting;
    WDF_USB_INTERFACE_SELECT_SETTING_PARAMS_INIT_SETTING(&setting, (UCHAR)job->setting);
    check(WdfUsbInterfaceSelectSetting(interface, WDF_NO_OBJECT_ATTRIBUTES, &setting), "setting");
    for (UCHAR index = 0; index < WdfUsbInterfaceGetNumConfiguredPipes(interface); index++) {
        WDF_USB_PIPE_INFORMATION information;
        WDF_USB_PIPE_INFORMATION_INIT(&information);
        WDFUSBPIPE pipe = WdfUsbInterfaceGetConfiguredPipe(interface, index, &information);
        if (information.EndpointAddress == job->endpoint) return pipe;
    }
    fprintf(stderr, "no endpoint 0x%02x\n", job->endpoint);
    exit(1);
}

int main(int count, char **words) {
    struct job job = read_job(count, words);
    if (job.kind != sync_calls || job.configuration != 0) usage();
    char name[16];
    read_name(job.node, name, sizeof name);
    setenv("USB_HOST", "local", 1);
    setenv("USB_DETACH_DRIVER", "1", 1);
    WDFDEVICE device;
    WDFUSBDEVICE usb_device;
    check(SwiftUsbOpenTarget(name, &device, &usb_device), "open");
    WDFUSBPIPE pipe = find_pipe(&job, usb_device);
    bool is_in = WdfUsbTargetPipeIsInEndpoint(pipe);

    unsigned char *buffer = calloc(1, transfer_bytes(&job));
    if (!buffer) die("memory");
    WDF_MEMORY_DESCRIPTOR descriptor;
    WDF_MEMORY_DESCRIPTOR_INIT_BUFFER(&descriptor, buffer, (ULONG)job.bytes);
    begin(&job);
    while (goes_on(&job)) {
        ULONG moved = 0;
        NTSTATUS status = is_in ? WdfUsbTargetPipeReadSynchronously(pipe, NULL, NULL, &descriptor, &moved)
                                : WdfUsbTargetPipeWriteSynchronously(pipe, NULL, NULL, &descriptor, &moved);
        count_call(&job, NT_SUCCESS(status) ? (long)moved : -1);
    }
    int result = report(&job, "wdf");
    SwiftUsbCloseTarget(device);
    return result;
}
