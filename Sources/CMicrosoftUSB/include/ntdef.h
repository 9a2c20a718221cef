// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Types that user programs and drivers share: counted text, lists, the severity of a status.

#ifndef CMICROSOFTUSB_NTDEF_H
#define CMICROSOFTUSB_NTDEF_H

#include "basetsd.h"
#include "winnt.h"

typedef LONG KPRIORITY;
typedef CCHAR KPROCESSOR_MODE;
typedef CONST char *PCSZ;
typedef PVOID *PPVOID;
typedef CONST CHAR *PCCHAR;
typedef CONST UCHAR *PCUCHAR;
typedef CONST USHORT *PCUSHORT;
typedef CONST ULONG *PCULONG;
typedef UCHAR KIRQL, *PKIRQL;
typedef SHORT CSHORT, *PCSHORT;
typedef ULONG LOGICAL, *PLOGICAL;
typedef LONGLONG USN;
typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

#if UINTPTR_MAX > 0xFFFFFFFF
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#else
#define POINTER_ALIGNMENT
#endif

// A word of Microsoft's C, and of C since 2023.
#if !defined(__cplusplus) && !defined(static_assert) && (!defined(__STDC_VERSION__) || __STDC_VERSION__ < 202311L)
#define static_assert _Static_assert
#endif

// ---- Status -------------------------------------------------------------------------------------------------------

// The two highest bits of a status: 0 success, 1 information, 2 warning, 3 error. The first two are successes.
#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define NT_INFORMATION(status) (((ULONG)(status) >> 30) == 1)
#define NT_WARNING(status) (((ULONG)(status) >> 30) == 2)
#define NT_ERROR(status) (((ULONG)(status) >> 30) == 3)

// ---- Text ---------------------------------------------------------------------------------------------------------

// Lengths are in bytes, and a character is a WCHAR: 32 bits here (see windef.h). What a device sends is UTF-16 in units
// of 16 bits, which is why no function of these headers hands out a string descriptor as a UNICODE_STRING.
typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING;
typedef const STRING *PCANSI_STRING;

#define UNICODE_STRING_MAX_BYTES ((USHORT)65532)
#define UNICODE_STRING_MAX_CHARS (65532 / sizeof(WCHAR))
#define ANSI_NULL ((CHAR)0)

#define RTL_CONSTANT_STRING(text) {sizeof(text) - sizeof((text)[0]), sizeof(text), text}
#define DECLARE_CONST_UNICODE_STRING(name, text) \
    const WCHAR name##_buffer[] = text; \
    const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)name##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(name, size) \
    WCHAR name##_buffer[size]; \
    UNICODE_STRING name = {0, (size) * sizeof(WCHAR), name##_buffer}

// ---- Doubly linked lists ------------------------------------------------------------------------------------------

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY head) { head->Flink = head->Blink = head; }

FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY *head) { return head->Flink == head; }

// TRUE if the list is empty afterwards.
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY entry) {
    entry->Blink->Flink = entry->Flink;
    entry->Flink->Blink = entry->Blink;
    return entry->Flink == entry->Blink;
}

// The head itself if the list is empty.
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY head) {
    PLIST_ENTRY entry = head->Flink;
    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY head) {
    PLIST_ENTRY entry = head->Blink;
    RemoveEntryList(entry);
    return entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry) {
    entry->Flink = head->Flink;
    entry->Blink = head;
    head->Flink->Blink = entry;
    head->Flink = entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry) {
    entry->Flink = head;
    entry->Blink = head->Blink;
    head->Blink->Flink = entry;
    head->Blink = entry;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry) {
    entry->Next = head->Next;
    head->Next = entry;
}

// NULL if the list is empty.
FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY head) {
    PSINGLE_LIST_ENTRY entry = head->Next;
    if (entry) head->Next = entry->Next;
    return entry;
}

#endif
