// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// In C++: WinUSB's functions for programs that write `unsigned long` where they mean ULONG, since on Windows both have
// 32 bits. Here they differ, and the address of the one is not that of the other. Templates, so that NULL stays a
// pointer to ULONG. The price: decltype(&WinUsb_ReadPipe) no longer names one type. (In C the compiler lets such a
// program pass with a warning; the upper half of the variable stays what it was.)

#ifndef CMICROSOFTUSB_WINUSB_LONG_H
#define CMICROSOFTUSB_WINUSB_LONG_H

// A ULONG in place of the caller's unsigned long, for the time of a call. An asynchronous call never tells the length
// through its pointer, so nothing is written later.
class swiftusb_ulong {
public:
    explicit swiftusb_ulong(unsigned long *target)
        : target_(target), value_(target ? static_cast<ULONG>(*target) : 0) {}
    ~swiftusb_ulong() {
        if (target_) *target_ = value_;
    }
    swiftusb_ulong(const swiftusb_ulong &) = delete;
    swiftusb_ulong &operator=(const swiftusb_ulong &) = delete;
    operator PULONG() { return target_ ? &value_ : nullptr; }

private:
    unsigned long *target_;
    ULONG value_;
};

// Matches unsigned long alone.
template <class T>
struct swiftusb_if_long;
template <>
struct swiftusb_if_long<unsigned long> {
    typedef BOOL type;
};

extern "C++" {
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_GetDescriptor(
    WINUSB_INTERFACE_HANDLE handle, UCHAR type, UCHAR index, USHORT language, PUCHAR buffer, ULONG length, T *got) {
    return WinUsb_GetDescriptor(handle, type, index, language, buffer, length, PULONG(swiftusb_ulong(got)));
}
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_QueryDeviceInformation(
    WINUSB_INTERFACE_HANDLE handle, ULONG type, T *length, PVOID buffer) {
    return WinUsb_QueryDeviceInformation(handle, type, PULONG(swiftusb_ulong(length)), buffer);
}
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_GetPipePolicy(
    WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, ULONG policy, T *length, PVOID value) {
    return WinUsb_GetPipePolicy(handle, pipe, policy, PULONG(swiftusb_ulong(length)), value);
}
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_ControlTransfer(
    WINUSB_INTERFACE_HANDLE handle, WINUSB_SETUP_PACKET setup, PUCHAR buffer, ULONG length, T *got,
    LPOVERLAPPED overlapped) {
    return WinUsb_ControlTransfer(handle, setup, buffer, length, PULONG(swiftusb_ulong(got)), overlapped);
}
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_ReadPipe(
    WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, PUCHAR buffer, ULONG length, T *got, LPOVERLAPPED overlapped) {
    return WinUsb_ReadPipe(handle, pipe, buffer, length, PULONG(swiftusb_ulong(got)), overlapped);
}
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_WritePipe(
    WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, PUCHAR buffer, ULONG length, T *got, LPOVERLAPPED overlapped) {
    return WinUsb_WritePipe(handle, pipe, buffer, length, PULONG(swiftusb_ulong(got)), overlapped);
}
template <class T>
inline typename swiftusb_if_long<T>::type WinUsb_GetOverlappedResult(
    WINUSB_INTERFACE_HANDLE handle, LPOVERLAPPED overlapped, T *got, BOOL wait) {
    return WinUsb_GetOverlappedResult(handle, overlapped, PULONG(swiftusb_ulong(got)), wait);
}
}

#endif
