// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Text as Windows programs write it, narrow or wide: built without and with UNICODE, it must print the same, and its
// command line must arrive. Also valid as C++. The arguments are "plain", "gr\u00fcn" and a character beyond 16 bits.

#include <windows.h>

#include <objbase.h>
#include <stdio.h>
#include <strsafe.h>
#include <tchar.h>

static int failures;

static void expect(int condition, const char *what) {
    if (condition) return;
    failures++;
    fprintf(stderr, "tchar_programs: %s\n", what);
}

#define EXPECT(condition) expect((condition) != 0, #condition)

// One format, one expectation.
#define FORMATS(expected, ...) \
    do { \
        wchar_t text[64]; \
        int length = swprintf_s(text, _countof(text), __VA_ARGS__); \
        if (wcscmp(text, expected) || length != (int)wcslen(expected)) { \
            failures++; \
            fwprintf(stderr, L"tchar_programs: \"%s\" (%d) instead of \"%s\"\n", text, length, expected); \
        } \
    } while (0)

static void wide_formats(void) {
    DWORD most = 0xFFFFFFFF;
    LONG least = -1;
    ULONGLONG large = 0x123456789ULL;
    const WCHAR *none = NULL;
    FORMATS(L"wide narrow narrow wide", L"%s %S %hs %ls", L"wide", "narrow", "narrow", L"wide");
    FORMATS(L"4294967295 -1 ffffffff", L"%lu %ld %lx", most, least, least);
    FORMATS(L"4886718345 123456789 -2", L"%I64u %I64x %I64d", large, large, -2LL);
    FORMATS(L"7 8 9", L"%I32u %Iu %zu", 7u, (SIZE_T)8, sizeof(char[9]));
    FORMATS(L"VID_04D8&PID_00FF", L"VID_%04X&PID_%04X", 0x04D8, 0xFF);
    FORMATS(L"0x80070005", L"0x%x", E_ACCESSDENIED);
    FORMATS(L"[  ab][ab  ][a]", L"[%4s][%-4s][%.1s]", L"ab", L"ab", L"ab");
    FORMATS(L"[   7][0007][7   ][  +7]", L"[%*d][%04d][%-4d][%+4d]", 4, 7, 7, 7, 7);
    FORMATS(L"[7   ]", L"[%*d]", -4, 7);
    FORMATS(L"1.50 2 1e+10", L"%.2f %g %g", 1.5, 2.0, 1e10);
    FORMATS(L"x y z", L"%c %C %hc", L'x', 'y', 'z');
    FORMATS(L"gr\u00FCn", L"%S", "gr\xC3\xBCn");
    FORMATS(L"\uFFFD!", L"%S", "\xFF!");
    FORMATS(L"(null)", L"%s", none);
    FORMATS(L"100% %", L"100%% %");
    FORMATS(L"-1 255 65535", L"%hhd %hhu %hu", 0xFF, 0x1FF, 0xFFFFF);
    FORMATS(L"000000000000002A", L"%p", (void *)42);
}

static void buffers(void) {
    TCHAR small[4], text[16];
    WCHAR wide[4], guidText[39];
    size_t length = 7;
    GUID guid;
    HRESULT result = StringCchPrintf(small, 4, TEXT("%d"), 12345);
    EXPECT(result == STRSAFE_E_INSUFFICIENT_BUFFER && !_tcscmp(small, _T("123")));
    result = StringCchCopy(small, 4, TEXT("123"));
    EXPECT(result == S_OK && _tcslen(small) == 3);
    result = StringCchCat(small, 4, TEXT("4"));
    EXPECT(result == STRSAFE_E_INSUFFICIENT_BUFFER && !_tcscmp(small, _T("123")));
    EXPECT(StringCbCopy(text, sizeof(text), TEXT("123456789012345")) == S_OK);
    EXPECT(StringCbLength(text, sizeof(text), &length) == S_OK && length == 15 * sizeof(TCHAR));
    EXPECT(StringCchLength(text, 15, &length) == STRSAFE_E_INVALID_PARAMETER && length == 0);
    EXPECT(StringCchCopyN(small, 4, TEXT("abcdef"), 2) == S_OK && !_tcscmp(small, _T("ab")));
    EXPECT(StringCchCopy(small, 0, TEXT("")) == STRSAFE_E_INVALID_PARAMETER);

    EXPECT(_stprintf_s(small, 4, _T("%d"), 1234) == -1 && small[0] == 0);
    EXPECT(_stprintf_s(small, 4, _T("%d"), 123) == 3);
    EXPECT(_tcscpy_s(small, 4, _T("1234")) == ERANGE && small[0] == 0);
    EXPECT(_tcscpy_s(small, 4, _T("12")) == 0 && _tcscat_s(small, 4, _T("3")) == 0 && !_tcscmp(small, _T("123")));
    EXPECT(_tcsncpy_s(small, 4, _T("12345"), 2) == 0 && !_tcscmp(small, _T("12")));
    EXPECT(_tcsncpy_s(small, 4, _T("12345"), _TRUNCATE) == 0 && !_tcscmp(small, _T("123")));
    EXPECT(_sntprintf_s(small, 4, _TRUNCATE, _T("%s"), _T("12345")) == -1 && !_tcscmp(small, _T("123")));
    EXPECT(_tcsicmp(_T("WinUSB"), _T("winusb")) == 0 && _tcsnicmp(_T("VID_1"), _T("vid_2"), 4) == 0);
    EXPECT(_ttoi(_T("42")) == 42 && _tcstoul(_T("ff"), NULL, 16) == 255);
    EXPECT(swprintf(wide, 4, L"%s", L"1234") == -1 && _snwprintf(wide, 4, L"%d", 12) == 2);
    EXPECT(wsprintf(text, TEXT("%d"), 5) == 1 && !_tcscmp(text, TEXT("5")));

    EXPECT(CLSIDFromString(L"{a5dcbf10-6530-11D2-901F-00C04FB951ED}", &guid) == S_OK && guid.Data1 == 0xA5DCBF10);
    EXPECT(guid.Data3 == 0x11D2 && guid.Data4[0] == 0x90 && guid.Data4[7] == 0xED);
#ifdef __cplusplus
    EXPECT(StringFromGUID2(guid, guidText, 39) == 39);
#else
    EXPECT(StringFromGUID2(&guid, guidText, 39) == 39);
#endif
    EXPECT(!wcscmp(guidText, L"{A5DCBF10-6530-11D2-901F-00C04FB951ED}"));
    EXPECT(CLSIDFromString(L"{a5dcbf10-6530-11D2-901F_00C04FB951ED}", &guid) == CO_E_CLASSSTRING);
}

LONG __cdecl _tmain(LONG argc, LPTSTR *argv) {
    UNREFERENCED_PARAMETER(argv);
    wide_formats();
    buffers();
    EXPECT(argc == 4 && !_tcscmp(argv[1], _T("plain")));
#ifdef UNICODE
    EXPECT(argc == 4 && !wcscmp(argv[2], L"gr\u00FCn") && !wcscmp(argv[3], L"\U0001D11E"));
#endif
    // Wide and narrow lines in turn, on one stream.
    _tprintf(_T("%s of %d\n"), _T("one"), 3);
    printf("two of %d\n", 3);
    wprintf(L"%s of %d: \u00FC %s\n", L"three", 3, L"\U0001D11E");
    return failures != 0;
}
