/* SPDX-License-Identifier: Apache-2.0 */
/* What Linux offers and the Glibc module does not show to Swift: thin wrappers, one a system call. Each answers as the
 * call does: -1 and errno on failure. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>

/* epoll(7) */
enum { CLINUX_READABLE = 1, CLINUX_WRITABLE = 4, CLINUX_ERROR = 8, CLINUX_HANGUP = 16, CLINUX_PEER_CLOSED = 0x2000,
       CLINUX_EXCLUSIVE = 1 << 28 };
typedef struct { uint32_t events; uint64_t token; } clinux_event;
int clinux_epoll_create(void);
int clinux_epoll_add(int poller, int descriptor, uint32_t events, uint64_t token);
int clinux_epoll_modify(int poller, int descriptor, uint32_t events, uint64_t token);
int clinux_epoll_remove(int poller, int descriptor);
/* Fills at most `capacity` (at most 256) events; a time-out of -1 waits for ever. */
int clinux_epoll_wait(int poller, clinux_event *events, int capacity, int timeout_ms);

/* eventfd(2): non-blocking, close-on-exec */
int clinux_eventfd(void);
int clinux_eventfd_signal(int descriptor);
int clinux_eventfd_clear(int descriptor);

/* timerfd_create(2) on CLOCK_MONOTONIC: non-blocking, close-on-exec */
int clinux_timerfd(void);
/* Lets it expire at `time`, nanoseconds; UINT64_MAX: never. An expiration that was not read is forgotten. */
int clinux_timerfd_set(int descriptor, uint64_t time);

/* Opens those of the descriptors 0 to 2 that are closed on /dev/null, the wrong way round: nothing that is opened later
 * gets their numbers, and who reads or writes there is told EBADF. To be called before anything else is opened. */
void clinux_fill_standard_descriptors(void);

/* accept4(2): non-blocking, close-on-exec */
int clinux_accept(int listener);
/* socket(2): stream, close-on-exec, non-blocking if asked */
int clinux_socket(int family, int nonblocking);
/* SO_PEERCRED of unix(7) */
int clinux_peer_credentials(int descriptor, uint32_t *pid, uint32_t *uid, uint32_t *gid);
/* SO_PEERGROUPS: how many supplementary groups the peer has; they are in `groups` if not more than `capacity` */
int clinux_peer_groups(int descriptor, uint32_t *groups, int capacity);

/* CLOCK_MONOTONIC, nanoseconds */
uint64_t clinux_now(void);
/* The time from `start` to `end`, nanoseconds; 0 if `start` is the later one, as it may be when two threads read the clock. */
static inline uint64_t clinux_elapsed(uint64_t start, uint64_t end) { return end > start ? end - start : 0; }
/* sem_clockwait(3) on CLOCK_MONOTONIC: waits until somebody posts the semaphore, a sem_t, or `clinux_now()` is `time`; UINT64_MAX:
 * for ever. Answers 1 if it was posted, 0 if the time came first. */
int clinux_semaphore_wait(void *semaphore, uint64_t time);
/* CLOCK_REALTIME, milliseconds since 1970-01-01T00:00:00Z */
int64_t clinux_wall_clock_ms(void);

/* signalfd(2) for the given signals, which are blocked for the calling thread and those it starts later */
int clinux_signalfd(const int *signals, int count);
/* The next signal's number, 0 if none is pending. */
int clinux_signalfd_read(int descriptor);

/* pthread_setname_np(3) for the calling thread; at most 15 bytes are kept */
void clinux_name_thread(const char *name);

/* strerrordesc_np(3): a description of an errno that lives for ever; NULL if there is none */
const char *clinux_error_text(int code);

/* How many processors this process may run on: sched_getaffinity(2) */
int clinux_processors(void);

/* The path of the library or program that `address` lies in: dladdr(3). Answers its length, 0 if it is unknown or longer
 * than `capacity`. */
size_t clinux_library_path(const void *address, char *path, size_t capacity);

/* sync_file_range(2): has the pages of a range written, and waits for it. Not on disk for certain before fdatasync(2). */
int clinux_write_back(int descriptor, int64_t offset, int64_t size);

/* sync_file_range(2): has the pages of a range written, and does not wait. */
int clinux_start_write_back(int descriptor, int64_t offset, int64_t size);

/* malloc_trim(3): gives free memory back to the system */
void clinux_trim_heap(void);

/* mallinfo(3): how many bytes of the heap are allocated. It visits each free block, so it costs some milliseconds after a
 * burst. */
size_t clinux_heap_in_use(void);

/* The command line, as the C library gave it to this program's constructors; NULL behind the last argument. Swift's own
 * CommandLine walks back from `environ` to find it, and finds nothing if a preloaded library has moved the environment
 * before. */
const char *clinux_argument(int index);
/* environ(7): "NAME=VALUE" of each variable, then NULL */
char *const *clinux_environment(void);

/* memfd_create(2): close-on-exec, and sealable; `name` is for /proc alone */
int clinux_memory_file(const char *name);
/* Forbids all change for good: F_ADD_SEALS of fcntl(2) */
int clinux_seal(int descriptor);
/* 1 if nobody can change the file any more, else 0 */
int clinux_is_sealed(int descriptor);

/* socketpair(2): two connected Unix sockets that keep messages apart; non-blocking, close-on-exec */
int clinux_packet_pair(int pair[2]);
/* The most descriptors that one message carries: SCM_MAX_FD */
enum { CLINUX_MOST_DESCRIPTORS = 253 };
/* sendmsg(2): a message with descriptors, SCM_RIGHTS of unix(7) */
long clinux_send_descriptors(int socket, const void *bytes, size_t size, const int *descriptors, int count);
/* recvmsg(2): a message, and how many descriptors came with it, close-on-exec, in `descriptors`, which has room for
 * CLINUX_MOST_DESCRIPTORS. A message that does not fit whole is EMSGSIZE. 0: the other end is closed. */
long clinux_receive_descriptors(int socket, void *bytes, size_t capacity, int *descriptors, int *count);

/* Asks the processor to bring the line of memory at `address` near, without waiting for it. Any address will do. */
static inline void clinux_prefetch(const void *address) { __builtin_prefetch(address); }

#endif
