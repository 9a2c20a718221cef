// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Single keys from the terminal, which is out of its line mode only while one is awaited.

#define _GNU_SOURCE

#include "conio.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

// Returns whether there is a terminal whose settings have to be put back.
static int leave_line_mode(struct termios *before, int echo) {
    struct termios keys;
    if (tcgetattr(STDIN_FILENO, before)) return 0;
    keys = *before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | (echo ? 0 : ECHO));
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    return !tcsetattr(STDIN_FILENO, TCSANOW, &keys);
}

static int next_key(int echo) {
    struct termios before;
    unsigned char key;
    fflush(stdout);
    int changed = leave_line_mode(&before, echo);
    int result = read(STDIN_FILENO, &key, 1) == 1 ? key : EOF;
    if (changed) tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return result;
}

int _getch(void) { return next_key(0); }

int _getche(void) { return next_key(1); }

int _kbhit(void) {
    struct termios before;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int changed = leave_line_mode(&before, 1);
    int result = poll(&input, 1, 0) > 0 && (input.revents & POLLIN);
    if (changed) tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return result;
}
