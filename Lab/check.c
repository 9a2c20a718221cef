// A few transfers through usbfs, to see that the devices of the kernel lab do what they say. Nothing of this package is
// in it, so that it tells a fault of the lab from one of ours.
//
//   check play NODE FRAMES      to USB Audio: its volume, FRAMES stereo frames of a ramp and half a second of silence;
//                               prints "playing" after the first completion, ends with status 19 when it is unplugged
//   check heard FILE FRAMES     whether the WAV file has that ramp
//   check bulk NODE             to Gadget Zero: 1 MiB from the source, 1 MiB to the sink, 64 KiB through the loopback
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { packets = 8, packet_bytes = 192, depth = 16, frames_each = packets * packet_bytes / 4 };

static void check(int result, const char *what) {
    if (result >= 0) return;
    int code = errno;
    printf("%s: %s\n", what, strerror(code));
    exit(code == ENODEV ? 19 : 1);
}

static void claim(int node, int interface) {
    struct usbdevfs_disconnect_claim wanted = {.interface = interface};
    check(ioctl(node, USBDEVFS_DISCONNECT_CLAIM, &wanted), "claim");
}

static int16_t left(long frame) { return (int16_t)(frame + 1); }
static int16_t right(long frame) { return (int16_t)(-(frame + 1)); }

static int play(int node, long frames) {
    for (int interface = 0; interface < 2; interface++) claim(node, interface);
    struct usbdevfs_setinterface setting = {.interface = 1, .altsetting = 1};
    check(ioctl(node, USBDEVFS_SETINTERFACE, &setting), "alternate setting");
    for (int channel = 1; channel <= 2; channel++) {
        uint8_t loudest[2] = {0x00, 0x08};
        struct usbdevfs_ctrltransfer request = {
            .bRequestType = 0x21, .bRequest = 1, .wValue = 0x0200 | channel, .wIndex = 0x0200, .wLength = 2,
            .timeout = 1000, .data = loudest};
        check(ioctl(node, USBDEVFS_CONTROL, &request), "volume");
    }
    static int16_t samples[depth][frames_each][2];
    static struct usbdevfs_urb *urbs[depth];
    long total = frames + 24000, sent = 0, errors = 0;
    int in_flight = 0, is_first = 1;
    for (int i = 0; i < depth; i++) urbs[i] = calloc(1, sizeof *urbs[i] + packets * sizeof(struct usbdevfs_iso_packet_desc));
    for (int i = 0; i < depth || in_flight > 0;) {
        struct usbdevfs_urb *urb;
        int slot = i;
        if (i < depth) {
            urb = urbs[i++];
        } else {
            struct pollfd wait = {.fd = node, .events = POLLOUT};
            check(poll(&wait, 1, -1), "poll");
            check(ioctl(node, USBDEVFS_REAPURB, &urb), "reap");
            slot = (int)(intptr_t)urb->usercontext;
            in_flight--;
            if (urb->status == -ENODEV || urb->status == -ESHUTDOWN) return 19;
            for (int k = 0; k < packets; k++) errors += urb->iso_frame_desc[k].status != 0;
            if (is_first) printf("playing\n");
            is_first = 0;
        }
        if (sent >= total) continue;
        for (int k = 0; k < frames_each; k++, sent++) {
            samples[slot][k][0] = sent < frames ? left(sent) : 0;
            samples[slot][k][1] = sent < frames ? right(sent) : 0;
        }
        memset(urb, 0, sizeof *urb);
        urb->type = USBDEVFS_URB_TYPE_ISO;
        urb->flags = USBDEVFS_URB_ISO_ASAP;
        urb->endpoint = 1;
        urb->buffer = samples[slot];
        urb->buffer_length = sizeof samples[slot];
        urb->number_of_packets = packets;
        urb->usercontext = (void *)(intptr_t)slot;
        for (int k = 0; k < packets; k++) urb->iso_frame_desc[k].length = packet_bytes;
        check(ioctl(node, USBDEVFS_SUBMITURB, urb), "submit");
        in_flight++;
    }
    printf("%ld frames sent, %ld packet errors\n", frames, errors);
    return errors != 0;
}

static int heard(const char *path, long frames) {
    FILE *file = fopen(path, "rb");
    check(file ? 0 : -1, path);
    check(fseek(file, 44, SEEK_SET), path);
    int16_t frame[2];
    long at = 0;
    while (at < frames && fread(frame, sizeof frame, 1, file) == 1) {
        if (frame[0] == left(at) && frame[1] == right(at)) at++;
        else if (at > 0) break;
    }
    printf("%ld of %ld frames heard\n", at, frames);
    return at != frames;
}

static long bulk(int node, int endpoint, uint8_t *data, long length) {
    long done = 0;
    while (done < length) {
        struct usbdevfs_bulktransfer transfer = {
            .ep = endpoint, .len = length - done < 16384 ? length - done : 16384, .timeout = 5000, .data = data + done};
        int moved = ioctl(node, USBDEVFS_BULK, &transfer);
        check(moved, "bulk");
        done += moved;
    }
    return done;
}

static int zero(int node) {
    static uint8_t data[1 << 20], back[4096];
    claim(node, 0);
    memset(data, 0xff, sizeof data);
    bulk(node, 0x81, data, sizeof data);
    for (size_t i = 0; i < sizeof data; i++) {
        if (data[i] == 0) continue;
        printf("byte %zu of the source is %d\n", i, data[i]);
        return 1;
    }
    bulk(node, 0x02, data, sizeof data);
    int interface = 0, configuration = 2;
    check(ioctl(node, USBDEVFS_RELEASEINTERFACE, &interface), "release");
    check(ioctl(node, USBDEVFS_SETCONFIGURATION, &configuration), "configuration");
    claim(node, 0);
    for (int i = 0; i < 16; i++) {
        for (size_t k = 0; k < sizeof back; k++) data[k] = (uint8_t)(k * 7 + i);
        bulk(node, 0x02, data, sizeof back);
        bulk(node, 0x81, back, sizeof back);
        if (memcmp(data, back, sizeof back) == 0) continue;
        printf("block %d came back changed\n", i);
        return 1;
    }
    printf("1 MiB in, 1 MiB out, 64 KiB back\n");
    return 0;
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count == 4 && strcmp(words[1], "heard") == 0) return heard(words[2], atol(words[3]));
    if (count < 3) return 64;
    int node = open(words[2], O_RDWR | O_CLOEXEC);
    check(node, words[2]);
    if (count == 4 && strcmp(words[1], "play") == 0) return play(node, atol(words[3]));
    if (count == 3 && strcmp(words[1], "bulk") == 0) return zero(node);
    return 64;
}
