// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Microsoft's wide formats, written out in full. The C library's vswprintf is of no use: it reads "%s" as narrow text,
// and converts by the locale, which is "C" unless the program says otherwise.

#include <stdbool.h>

#include "microsoftcrt.h"
#include "ntdef.h"

typedef struct {
    wchar_t *to;
    size_t capacity;
    size_t length;
} Output;

static void put(Output *output, wchar_t character) {
    if (output->length + 1 < output->capacity) output->to[output->length] = character;
    output->length++;
}

static void pad(Output *output, long long count) {
    while (count-- > 0) put(output, L' ');
}

// ---- One field of a format ----------------------------------------------------------------------------------------

typedef enum { size_default, size_char, size_short, size_long, size_64, size_long_double } Size;
#define size_pointer (sizeof(void *) == 8 ? size_64 : size_default)

typedef struct {
    char flags[8];
    bool left;
    int width;
    int precision;  // -1: none
    Size size;
    char conversion;
} Field;

static Size read_size(const wchar_t **format) {
    static const struct {
        const wchar_t *text;
        Size size;
    } sizes[] = {
        {L"hh", size_char}, {L"h", size_short}, {L"ll", size_64}, {L"l", size_long}, {L"w", size_long}, {L"j", size_64},
        {L"z", size_pointer}, {L"t", size_pointer}, {L"L", size_long_double}, {L"I64", size_64}, {L"I32", size_default},
        {L"I", size_pointer},
    };
    for (size_t i = 0; i < _countof(sizes); i++) {
        size_t length = wcslen(sizes[i].text);
        if (wcsncmp(*format, sizes[i].text, length)) continue;
        *format += length;
        return sizes[i].size;
    }
    return size_default;
}

static int read_number(const wchar_t **format, va_list *arguments) {
    long number = 0;
    if (**format == L'*') {
        ++*format;
        return va_arg(*arguments, int);
    }
    for (; **format >= L'0' && **format <= L'9'; ++*format)
        if (number < 1L << 20) number = number * 10 + (**format - L'0');
    return (int)number;
}

// Reads what stands between '%' and the conversion, and this.
static Field read_field(const wchar_t **format, va_list *arguments) {
    Field field = {"", false, 0, -1, size_default, 0};
    for (size_t count = 0; **format && wcschr(L"-+ #0", **format); ++*format) {
        field.left |= **format == L'-';
        if (count < sizeof field.flags - 1 && !strchr(field.flags, (char)**format))
            field.flags[count++] = (char)**format;
    }
    field.width = read_number(format, arguments);
    if (field.width < 0) {
        field.width = field.width == INT32_MIN ? INT32_MAX : -field.width;
        field.left = true;
        if (!strchr(field.flags, '-')) field.flags[strlen(field.flags)] = '-';
    }
    if (**format == L'.') {
        ++*format;
        field.precision = read_number(format, arguments);
        if (field.precision < 0) field.precision = -1;
    }
    field.size = read_size(format);
    if (**format > 0 && **format < 0x80) field.conversion = (char)**format;
    return field;
}

// ---- Text ---------------------------------------------------------------------------------------------------------

// One character of UTF-8, and the position behind it. Bytes that are none give U+FFFD, one each.
static const char *next_character(const char *text, wchar_t *character) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    int more = *byte < 0x80 ? 0 : *byte < 0xC2 ? -1 : *byte < 0xE0 ? 1 : *byte < 0xF0 ? 2 : *byte < 0xF5 ? 3 : -1;
    uint32_t value = more <= 0 ? *byte : *byte & (0x3FU >> more);
    for (int i = 1; i <= more; i++) {
        if ((byte[i] & 0xC0) == 0x80) value = value << 6 | (byte[i] & 0x3F);
        else more = -1;
    }
    bool valid = more >= 0 && value >= least[more] && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    *character = valid ? (wchar_t)value : 0xFFFD;
    return text + (valid ? more + 1 : 1);
}

static void put_wide(Output *output, const Field *field, const wchar_t *text) {
    long long length = 0;
    if (!text) text = L"(null)";
    while ((field->precision < 0 || length < field->precision) && text[length]) length++;
    if (!field->left) pad(output, field->width - length);
    for (long long i = 0; i < length; i++) put(output, text[i]);
    if (field->left) pad(output, field->width - length);
}

static void put_narrow(Output *output, const Field *field, const char *text) {
    long long length = 0;
    wchar_t character;
    if (!text) text = "(null)";
    for (const char *next = text; (field->precision < 0 || length < field->precision) && *next; length++)
        next = next_character(next, &character);
    if (!field->left) pad(output, field->width - length);
    for (long long i = 0; i < length; i++) {
        text = next_character(text, &character);
        put(output, character);
    }
    if (field->left) pad(output, field->width - length);
}

// A kernel's counted text: an ANSI_STRING, or with the size of "%wZ" or "%lZ" a UNICODE_STRING.
static void put_counted(Output *output, Field *field, const void *counted) {
    const UNICODE_STRING *wide = (const UNICODE_STRING *)counted;
    const ANSI_STRING *narrow = (const ANSI_STRING *)counted;
    long long length = !counted ? 0 : field->size == size_long ? wide->Length / (int)sizeof(WCHAR) : narrow->Length;
    if (field->precision < 0 || field->precision > length) field->precision = (int)length;
    if (!counted || !wide->Buffer) {
        field->precision = -1;
        put_wide(output, field, NULL);
    } else if (field->size == size_long) {
        put_wide(output, field, wide->Buffer);
    } else {
        // By bytes, since its end need not be marked.
        if (!field->left) pad(output, field->width - field->precision);
        for (int i = 0; i < field->precision; i++) put(output, (wchar_t)(unsigned char)narrow->Buffer[i]);
        if (field->left) pad(output, field->width - field->precision);
    }
}

// ---- Numbers: the C library's own business ------------------------------------------------------------------------

static bool put_printed(Output *output, const Field *field, const char *size, ...) {
    char specification[32], small[128], *text = small;
    char precision[16] = "";
    va_list arguments;
    if (field->precision >= 0) snprintf(precision, sizeof precision, ".%d", field->precision);
    if (field->width)
        snprintf(
            specification, sizeof specification, "%%%s%d%s%s%c", field->flags, field->width, precision, size,
            field->conversion);
    else snprintf(specification, sizeof specification, "%%%s%s%s%c", field->flags, precision, size, field->conversion);

    va_start(arguments, size);
    int length = vsnprintf(small, sizeof small, specification, arguments);
    va_end(arguments);
    if (length >= (int)sizeof small) {
        text = (char *)malloc((size_t)length + 1);
        va_start(arguments, size);
        if (text) vsnprintf(text, (size_t)length + 1, specification, arguments);
        va_end(arguments);
    }
    if (length < 0 || !text) return false;
    for (int i = 0; i < length; i++) put(output, (wchar_t)(unsigned char)text[i]);
    if (text != small) free(text);
    return true;
}

// Windows's long has 32 bits, so "%ld" and "%lu" take as many.
static bool put_integer(Output *output, const Field *field, va_list *arguments) {
    bool isSigned = field->conversion == 'd' || field->conversion == 'i';
    long long value = field->size == size_64 ? va_arg(*arguments, long long) : va_arg(*arguments, int);
    if (field->size == size_char) value = isSigned ? (signed char)value : (unsigned char)value;
    else if (field->size == size_short) value = isSigned ? (short)value : (unsigned short)value;
    else if (field->size != size_64 && !isSigned) value = (unsigned)value;
    return put_printed(output, field, "ll", value);
}

// ---- Whole formats ------------------------------------------------------------------------------------------------

static bool put_field(Output *output, Field *field, va_list *arguments) {
    // A conversion in capitals means the other kind of text; a size overrides both.
    bool narrow = field->size == size_short || (field->size != size_long && strchr("SC", field->conversion));
    switch (field->conversion) {
    case 'd': case 'i': case 'u': case 'x': case 'X': case 'o':
        return put_integer(output, field, arguments);
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        if (field->size == size_long_double)
            return put_printed(output, field, "L", va_arg(*arguments, long double));
        return put_printed(output, field, "", va_arg(*arguments, double));
    case 'p':
        field->conversion = 'X';
        field->precision = 2 * (int)sizeof(void *);
        return put_printed(output, field, "ll", (unsigned long long)(uintptr_t)va_arg(*arguments, void *));
    case 'c': case 'C': {
        wchar_t text[2] = {(wchar_t)va_arg(*arguments, int), 0};
        if (narrow) text[0] &= 0xFF;
        if (!field->left) pad(output, field->width - 1LL);
        put(output, text[0]);
        if (field->left) pad(output, field->width - 1LL);
        return true;
    }
    case 's': case 'S':
        if (narrow) put_narrow(output, field, va_arg(*arguments, const char *));
        else put_wide(output, field, va_arg(*arguments, const wchar_t *));
        return true;
    case 'Z':
        put_counted(output, field, va_arg(*arguments, const void *));
        return true;
    default:
        put(output, L'%');
        return true;
    }
}

// Writes like vsnprintf: at most `capacity` characters with the terminator; returns the whole length, or -1.
int swiftusb_wide_format(wchar_t *to, size_t capacity, const wchar_t *format, va_list arguments) {
    Output output = {to, to ? capacity : 0, 0};
    bool valid = format != NULL;
    va_list remaining;
    va_copy(remaining, arguments);
    while (valid && *format) {
        if (*format != L'%') {
            put(&output, *format++);
            continue;
        }
        const wchar_t *start = format++;
        Field field = read_field(&format, &remaining);
        if (field.conversion && strchr("diuxXoeEfFgGaApcCsSZ%", field.conversion)) {
            valid = put_field(&output, &field, &remaining);
            format++;
        } else {
            // No conversion ("%n" neither, which would write to memory): it stands for itself.
            while (start < format) put(&output, *start++);
        }
    }
    va_end(remaining);
    if (output.capacity) to[output.length < output.capacity ? output.length : output.capacity - 1] = 0;
    return valid && output.length <= INT32_MAX ? (int)output.length : -1;
}
