// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Keys from a redirected input: "ab", and its end.

#include <conio.h>

int main(void) {
    int waiting = _kbhit();
    int first = _getch(), second = getch(), third = _getch();
    return waiting && first == 'a' && second == 'b' && third == EOF ? 0 : 1;
}
