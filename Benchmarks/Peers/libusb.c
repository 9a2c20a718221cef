// The same by libusb, in one thread, as its documentation has it: by the asynchronous interface, and for synchronous
// transfers by the other one.
#include <libusb-1.0/libusb.h>

#include "peer.h"

static void check(int result, const char *what) {
    if (result >= 0) return;
    fprintf(stderr, "%s: %s\n", what, libusb_error_name(result));
    exit(1);
}

static void submit(struct job *job, struct libusb_transfer *transfer) {
    check(libusb_submit_transfer(transfer), "submit");
    job->submitted++;
}

static void LIBUSB_CALL complete(struct libusb_transfer *transfer) {
    struct job *job = transfer->user_data;
    stamp(job);
    job->completed++;
    if (transfer->status != LIBUSB_TRANSFER_COMPLETED) {
        job->failed++;
        return;
    }
    if (job->is_isochronous) {
        for (int k = 0; k < job->packets; k++) {
            const struct libusb_iso_packet_descriptor *packet = &transfer->iso_packet_desc[k];
            job->packet_errors += packet->status != LIBUSB_TRANSFER_COMPLETED ||
                                  (!(job->endpoint & 0x80) && packet->actual_length != packet->length);
        }
    } else if (transfer->actual_length != transfer->length) {
        job->failed++;
    }
    if (goes_on(job)) submit(job, transfer);
}

static int run_synchronously(struct job *job, libusb_device_handle *handle) {
    unsigned char *buffer = calloc(1, transfer_bytes(job));
    if (!buffer) die("memory");
    begin(job);
    while (goes_on(job)) {
        int moved = 0;
        int result = libusb_bulk_transfer(handle, (unsigned char)job->endpoint, buffer, job->bytes, &moved, 0);
        count_call(job, result == 0 ? moved : -1);
    }
    return report(job, "libusb");
}

int main(int count, char **words) {
    struct job job = read_job(count, words);
    if (job.kind == sync_urbs) usage();
    int node = open(job.node, O_RDWR | O_CLOEXEC);
    if (node < 0) die(job.node);
    libusb_context *context;
    libusb_device_handle *handle;
    check(libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY), "option");
    check(libusb_init(&context), "init");
    check(libusb_wrap_sys_device(context, node, &handle), "open");
    if (job.configuration != 0) check(libusb_set_configuration(handle, job.configuration), "configuration");
    check(libusb_set_auto_detach_kernel_driver(handle, 1), "detach");
    check(libusb_claim_interface(handle, job.interface), "claim");
    check(libusb_set_interface_alt_setting(handle, job.interface, job.setting), "setting");

    if (is_synchronous(&job)) return run_synchronously(&job, handle);

    struct libusb_transfer *transfers[job.depth];
    for (int i = 0; i < job.depth; i++) {
        unsigned char *buffer = calloc(1, transfer_bytes(&job));
        transfers[i] = libusb_alloc_transfer(job.packets);
        if (!buffer || !transfers[i]) die("memory");
        if (job.is_isochronous) {
            libusb_fill_iso_transfer(transfers[i], handle, (unsigned char)job.endpoint, buffer, (int)transfer_bytes(&job),
                                     job.packets, complete, &job, 0);
            libusb_set_iso_packet_lengths(transfers[i], (unsigned)job.bytes);
        } else {
            libusb_fill_bulk_transfer(transfers[i], handle, (unsigned char)job.endpoint, buffer, (int)transfer_bytes(&job),
                                      complete, &job, 0);
        }
    }

    begin(&job);
    for (int i = 0; i < job.depth; i++) submit(&job, transfers[i]);
    while (job.completed < job.submitted) check(libusb_handle_events(context), "events");
    return report(&job, "libusb");
}
