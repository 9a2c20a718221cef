// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// As spelling.c, for C++: standard headers before and after, whose names must not suffer. STANDARD_FIRST: before too.

#ifdef STANDARD_FIRST
#include <algorithm>
#include <cstdint>
#include <cwchar>
#include <iostream>
#include <string>
#include <thread>
#include <vector>
#endif

#include <Windows.h>
#include <WinUsb.h>
#include <SetupApi.h>
#include <CfgMgr32.h>
#include <InitGuid.h>
#include <UsbSpec.h>
#include <Usb.h>
#include <TChar.h>
#include <Strsafe.h>
#include <ComDef.h>
#include <ObjBase.h>
#include <conio.h>
#include <process.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <codecvt>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <cwchar>
#include <deque>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <limits>
#include <list>
#include <locale>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>
#if __cplusplus >= 201703L
#include <filesystem>
#include <optional>
#include <string_view>
#include <variant>
#endif
#if __cplusplus >= 202002L
#include <bit>
#include <concepts>
#include <ranges>
#include <span>
#endif

DEFINE_GUID(GUID_OF_A_PROGRAM, 0x01234567, 0x89AB, 0xCDEF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF);

using namespace std;

namespace {

class Pipe {
public:
    explicit Pipe(WINUSB_INTERFACE_HANDLE handle) : handle_(handle) {}

    vector<UCHAR> read(size_t count) {
        vector<UCHAR> bytes(min(count, 4096));
        ULONG got = 0;
        if (!WinUsb_ReadPipe(handle_, 0x81, bytes.data(), static_cast<ULONG>(bytes.size()), &got, NULL))
            throw runtime_error("read: " + to_string(GetLastError()));
        bytes.resize(max(got, 1u));
        return bytes;
    }

    // ULONG is what an unsigned long is on Windows, and programs use the one for the other.
    unsigned long write(vector<UCHAR> &bytes) {
        unsigned long sent = 0;
        WinUsb_WritePipe(handle_, 0x01, bytes.data(), static_cast<ULONG>(bytes.size()), &sent, nullptr);
        return std::max(sent, 1ul);
    }

private:
    WINUSB_INTERFACE_HANDLE handle_;
};

}  // namespace

template <>
struct std::hash<GUID> {
    size_t operator()(const GUID &guid) const { return guid.Data1; }
};

unsigned int program(HANDLE device, REFGUID guid);

unsigned int program(HANDLE device, REFGUID guid) {
    wstring wide = to_wstring(1.5) + to_wstring(GetTickCount());
    wchar_t buffer[64];
    char narrow[64];
    swprintf_s(buffer, L"%s", wide.c_str());
    sprintf_s(narrow, "%zu", wide.size());
    strcat_s(narrow, "!");
    std::wprintf(L"%s\n", buffer);
    std::swprintf(buffer, ARRAYSIZE(buffer), L"%d", min<int>(1, 2));
    StringCchCopyW(buffer, _countof(buffer), wide.c_str());
    unordered_map<GUID, Pipe> pipes;
    thread reader([&] { pipes.emplace(guid, Pipe(device)); });
    reader.join();
    _com_error error(E_FAIL);
    return guid == GUID_OF_A_PROGRAM && error.ErrorMessage() ? max(1u, min(3u, 2u)) : 0;
}
