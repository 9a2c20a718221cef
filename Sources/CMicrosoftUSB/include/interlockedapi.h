// swift-usb: a USB host library in Swift.
// Licensed under the Apache License, Version 2.0; see LICENSE.

// Atomic operations on a shared word, each a full barrier.

#ifndef CMICROSOFTUSB_INTERLOCKEDAPI_H
#define CMICROSOFTUSB_INTERLOCKEDAPI_H

#include "windef.h"

#define SWIFTUSB_INTERLOCKED(suffix, type) \
    static __inline__ type InterlockedIncrement##suffix(type volatile *word) { \
        return __atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedDecrement##suffix(type volatile *word) { \
        return __atomic_sub_fetch(word, 1, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedExchange##suffix(type volatile *word, type value) { \
        return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedExchangeAdd##suffix(type volatile *word, type value) { \
        return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedAdd##suffix(type volatile *word, type value) { \
        return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedAnd##suffix(type volatile *word, type value) { \
        return __atomic_fetch_and(word, value, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedOr##suffix(type volatile *word, type value) { \
        return __atomic_fetch_or(word, value, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedXor##suffix(type volatile *word, type value) { \
        return __atomic_fetch_xor(word, value, __ATOMIC_SEQ_CST); \
    } \
    static __inline__ type InterlockedCompareExchange##suffix(type volatile *word, type value, type expected) { \
        __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return expected; \
    }
SWIFTUSB_INTERLOCKED(, LONG)
SWIFTUSB_INTERLOCKED(64, LONGLONG)

static __inline__ PVOID InterlockedExchangePointer(PVOID volatile *word, PVOID value) {
    return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}
static __inline__ PVOID InterlockedCompareExchangePointer(PVOID volatile *word, PVOID value, PVOID expected) {
    __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return expected;
}

static __inline__ void MemoryBarrier(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
#define YieldProcessor() __atomic_thread_fence(__ATOMIC_SEQ_CST)

// The compiler's own spellings.
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedAnd InterlockedAnd
#define _InterlockedOr InterlockedOr

#endif
