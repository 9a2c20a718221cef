// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// What the C library's Swift module leaves out: event polling, netlink, and usbfs, whose ioctl numbers are macros that
// Swift does not see and whose ioctl takes a variable argument. No logic.

#ifndef CLINUXUSB_H
#define CLINUXUSB_H

#ifdef __linux__

#include <linux/netlink.h>
#include <linux/usbdevice_fs.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CLINUXUSB_NUMBER(name) static const unsigned long CLINUXUSB_##name = USBDEVFS_##name
CLINUXUSB_NUMBER(SETINTERFACE);
CLINUXUSB_NUMBER(SETCONFIGURATION);
CLINUXUSB_NUMBER(GETDRIVER);
CLINUXUSB_NUMBER(SUBMITURB);
CLINUXUSB_NUMBER(DISCARDURB);
CLINUXUSB_NUMBER(REAPURBNDELAY);
CLINUXUSB_NUMBER(CLAIMINTERFACE);
CLINUXUSB_NUMBER(RELEASEINTERFACE);
CLINUXUSB_NUMBER(IOCTL);
CLINUXUSB_NUMBER(DISCONNECT);
CLINUXUSB_NUMBER(CONNECT);
CLINUXUSB_NUMBER(RESET);
CLINUXUSB_NUMBER(CLEAR_HALT);
CLINUXUSB_NUMBER(GET_CAPABILITIES);
CLINUXUSB_NUMBER(DISCONNECT_CLAIM);
CLINUXUSB_NUMBER(ALLOC_STREAMS);
CLINUXUSB_NUMBER(FREE_STREAMS);
CLINUXUSB_NUMBER(DROP_PRIVILEGES);
#undef CLINUXUSB_NUMBER

static inline int clinuxusb_ioctl(int file, unsigned long request, void *argument)
{
    return ioctl(file, request, argument);
}

// A wait to the nanosecond, which older C libraries have no function for. The number is that of every architecture.
static inline int clinuxusb_epoll_pwait2(
    int poller, struct epoll_event *events, int count, const struct timespec *timeout)
{
    return (int)syscall(441, poller, events, count, timeout, (void *)0, (size_t)0);
}

#endif
#endif
