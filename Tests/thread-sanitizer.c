/* SPDX-License-Identifier: Apache-2.0 */
/* Swift's Mutex as the thread sanitizer can see it.
 *
 * Swift compiles a Mutex that nobody holds into its user, where the sanitizer sees it. What happens when somebody holds it is inside
 * the Swift runtime, which is not compiled for the sanitizer: it would take what such a Mutex guards for a race. Preloaded, this file
 * stands before the runtime's functions, and tells the sanitizer of them. Without the sanitizer it changes nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool try_lock(SELF) __asm__(TRY_LOCK);
SWIFT void unlock(SELF) __asm__(UNLOCK);

SWIFT void lock(uint32_t thread, SELF) {
    SWIFT void (*runtime)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    runtime(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool try_lock(SELF) {
    SWIFT bool (*runtime)(SELF) = dlsym(RTLD_NEXT, TRY_LOCK);
    bool locked = runtime(self);
    if (locked && __tsan_acquire) __tsan_acquire(self);
    return locked;
}

SWIFT void unlock(SELF) {
    SWIFT void (*runtime)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    if (__tsan_release) __tsan_release(self);
    runtime(self);
}
