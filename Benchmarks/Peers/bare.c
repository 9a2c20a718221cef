// A plain loop of usbfs calls: no library, no thread, nothing but what the kernel asks for. What the others are measured
// by.
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "peer.h"

static int node;

static void submit(struct job *job, struct usbdevfs_urb *urb) {
    job->calls++;
    if (ioctl(node, USBDEVFS_SUBMITURB, urb) < 0) die("submit");
    job->submitted++;
}

static void complete(struct job *job, struct usbdevfs_urb *urb) {
    stamp(job);
    job->completed++;
    if (urb->status != 0) {
        job->failed++;
        return;
    }
    if (job->is_isochronous) {
        // The kernel leaves lengths as they are; it has written statuses and actual lengths.
        for (int k = 0; k < job->packets; k++) {
            const struct usbdevfs_iso_packet_desc *packet = &urb->iso_frame_desc[k];
            job->packet_errors += packet->status != 0 || (!(job->endpoint & 0x80) && packet->actual_length != packet->length);
        }
    } else if (urb->actual_length != urb->buffer_length) {
        job->failed++;
    }
    if (goes_on(job)) submit(job, urb);
}

// One call of the kernel for each transfer, which returns when that has ended.
static void run_calls(struct job *job, unsigned char *buffer) {
    struct usbdevfs_bulktransfer transfer = {.ep = (unsigned)job->endpoint, .len = (unsigned)job->bytes, .data = buffer};
    while (goes_on(job)) {
        job->calls++;
        count_call(job, ioctl(node, USBDEVFS_BULK, &transfer));
    }
}

// The same with two: submit, and wait for it.
static void run_urbs(struct job *job, unsigned char *buffer) {
    struct usbdevfs_urb urb = {.type = USBDEVFS_URB_TYPE_BULK, .endpoint = (unsigned char)job->endpoint};
    urb.buffer = buffer;
    urb.buffer_length = job->bytes;
    while (goes_on(job)) {
        struct usbdevfs_urb *done;
        job->calls += 2;
        if (ioctl(node, USBDEVFS_SUBMITURB, &urb) < 0) die("submit");
        if (ioctl(node, USBDEVFS_REAPURB, &done) < 0) die("reap");
        count_call(job, done->status == 0 ? done->actual_length : -1);
    }
}

int main(int count, char **words) {
    struct job job = read_job(count, words);
    node = open(job.node, O_RDWR | O_CLOEXEC);
    if (node < 0) die(job.node);
    if (job.configuration != 0 && ioctl(node, USBDEVFS_SETCONFIGURATION, &job.configuration) < 0) die("configuration");
    struct usbdevfs_disconnect_claim claim = {.interface = (unsigned)job.interface};
    if (ioctl(node, USBDEVFS_DISCONNECT_CLAIM, &claim) < 0) die("claim");
    struct usbdevfs_setinterface setting = {.interface = (unsigned)job.interface, .altsetting = (unsigned)job.setting};
    if (ioctl(node, USBDEVFS_SETINTERFACE, &setting) < 0) die("setting");

    if (is_synchronous(&job)) {
        unsigned char *buffer = calloc(1, transfer_bytes(&job));
        if (!buffer) die("memory");
        begin(&job);
        if (job.kind == sync_calls) run_calls(&job, buffer);
        else run_urbs(&job, buffer);
        return report(&job, job.kind == sync_calls ? "bare" : "bare-urb");
    }

    struct usbdevfs_urb *urbs[job.depth];
    for (int i = 0; i < job.depth; i++) {
        urbs[i] = calloc(1, sizeof *urbs[i] + (size_t)job.packets * sizeof(struct usbdevfs_iso_packet_desc));
        if (!urbs[i]) die("memory");
        urbs[i]->type = job.is_isochronous ? USBDEVFS_URB_TYPE_ISO : USBDEVFS_URB_TYPE_BULK;
        urbs[i]->flags = job.is_isochronous ? USBDEVFS_URB_ISO_ASAP : 0;
        urbs[i]->endpoint = (unsigned char)job.endpoint;
        urbs[i]->buffer_length = (int)transfer_bytes(&job);
        urbs[i]->buffer = calloc(1, transfer_bytes(&job));
        if (!urbs[i]->buffer) die("memory");
        urbs[i]->number_of_packets = job.packets;
        for (int k = 0; k < job.packets; k++) urbs[i]->iso_frame_desc[k].length = (unsigned)job.bytes;
    }

    begin(&job);
    for (int i = 0; i < job.depth; i++) submit(&job, urbs[i]);
    while (job.completed < job.submitted) {
        struct pollfd wait = {.fd = node, .events = POLLOUT};
        job.calls++;
        if (poll(&wait, 1, -1) < 0) die("poll");
        for (;;) {
            struct usbdevfs_urb *urb;
            job.calls++;
            if (ioctl(node, USBDEVFS_REAPURBNDELAY, &urb) < 0) {
                if (errno == EAGAIN) break;
                die("reap");
            }
            complete(&job, urb);
        }
    }
    return report(&job, "bare");
}
