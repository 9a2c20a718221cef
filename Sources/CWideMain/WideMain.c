// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// A main for programs that have a wmain, as wide Windows programs do: it calls theirs. A target of its own, for the
// dynamic library alone: a program's own main comes before one in a library, but in a static link there would be two.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

typedef int WideMain(int argc, wchar_t **argv, wchar_t **environment);

// wmain as C names it, and as C++ does after its parameters: (int, wchar_t **), with const in either place or both,
// with the environment behind them, and ().
#define WIDE_MAINS(each) \
    each(wmain) each(_Z5wmainiPPw) each(_Z5wmainiPPKw) each(_Z5wmainiPKPw) each(_Z5wmainiPKPKw) each(_Z5wmainiPPwS0_) \
    each(_Z5wmainiPPKwS1_) each(_Z5wmainiPKPwS1_) each(_Z5wmainiPKPKwS2_) each(_Z5wmainiPPwPPKw) each(_Z5wmainv)
#define DECLARE(name) WideMain name __attribute__((__weak__));
WIDE_MAINS(DECLARE)

// UTF-8, one wide character for each of its characters; a byte that is not part of any becomes U+FFFD.
static wchar_t *widen(const char *text) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    wchar_t *wide = malloc((strlen(text) + 1) * sizeof *wide), *to = wide;
    if (!wide) abort();
    while (*byte) {
        int more = *byte < 0x80 ? 0 : *byte < 0xC2 ? -1 : *byte < 0xE0 ? 1 : *byte < 0xF0 ? 2 : *byte < 0xF5 ? 3 : -1;
        uint32_t value = more <= 0 ? *byte : *byte & (0x3FU >> more);
        for (int i = 1; i <= more; i++) {
            if ((byte[i] & 0xC0) == 0x80) value = value << 6 | (byte[i] & 0x3F);
            else more = -1;
        }
        int valid = more >= 0 && value >= least[more] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
        *to++ = valid ? (wchar_t)value : 0xFFFD;
        byte += valid ? more + 1 : 1;
    }
    *to = 0;
    return wide;
}

static wchar_t **widen_all(char **texts) {
    size_t count = 0;
    while (texts[count]) count++;
    wchar_t **wide = malloc((count + 1) * sizeof *wide);
    if (!wide) abort();
    for (size_t i = 0; i < count; i++) wide[i] = widen(texts[i]);
    wide[count] = NULL;
    return wide;
}

int main(int argc, char **argv, char **environment) {
#define CALL(name) \
    if (name) return name(argc, widen_all(argv), widen_all(environment));
    WIDE_MAINS(CALL)
    fprintf(stderr, "%s: the program has neither main nor wmain\n", argc ? argv[0] : "");
    return EXIT_FAILURE;
}
