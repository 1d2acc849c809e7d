// POSIX for the common subset, where neither Glibc nor Foundation can be imported.
#pragma once
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The process's arguments. Embedded Swift has no CommandLine.
int csystem_argument_count(void);
const char *csystem_argument(int index);

// errno is a macro, which Swift does not import.
static inline int csystem_errno(void) { return errno; }

// open(2) and fcntl(2) are variadic, which Swift does not import.
static inline int csystem_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

// SIG_IGN is a cast, which Swift does not import. A write to a closed pipe or socket is then EPIPE, not the end.
static inline void csystem_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

// accept4(2) with SOCK_CLOEXEC, which glibc declares for _GNU_SOURCE only. With that the calls that take a sockaddr
// would take a transparent union, which Swift does not import.
int csystem_accept(int listener);

// Whether it is a numeric address, of IPv4 or IPv6, without brackets.
bool csystem_is_address(const char *text);

// Connects by TCP to a numeric address within so many milliseconds; -1 where that fails. Then a read waits for `patience`
// milliseconds at most (EAGAIN), so that a deadline is looked at without a call of its own.
int csystem_connect(const char *address, unsigned short port, long milliseconds, long patience);

// A socket for datagrams to a numeric address, which never waits; -1 where there is none.
int csystem_open_datagrams(const char *address, unsigned short port);

// Whether the peer of a connection that is waiting has closed or reset it (POLLRDHUP, which is for _GNU_SOURCE only too).
int csystem_is_abandoned(int connection);

// An epoll(7) of its own; -1 where there is none.
static inline int csystem_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

// Has a connection's events told, each once (EPOLLET), to one of those who wait. (epoll_event is packed on some machines,
// and EPOLLET has no type, which Swift does not import.)
bool csystem_tell_once(int epoll, int connection, uint64_t number);

// Has everybody who waits told that a descriptor is readable, as long as it is.
bool csystem_tell_all(int epoll, int descriptor, uint64_t number);

void csystem_tell_no_more(int epoll, int descriptor);

// Waits for an event: the number that was given with its descriptor. False where none came in time, or a signal did.
// `is_ending`: no more will come there, once what is there is read.
bool csystem_next_event(int epoll, int milliseconds, uint64_t *number, bool *is_ending);

// What belongs to this thread alone; NULL until it is set. (Swift's own need its runtime.)
void *csystem_thread_context(void);
void csystem_set_thread_context(void *value);

// Gives memory that is free back to the system (malloc_trim(3)), which after a burst is most of it.
void csystem_return_memory(void);

// pipe2(2) with O_CLOEXEC, which glibc declares for _GNU_SOURCE only too.
int csystem_pipe(int descriptors[2]);

// Raises RLIMIT_NOFILE to `wanted` as far as the hard limit allows, and says what it is then. (Its resources are an enum
// or an int, depending on the headers' mood.)
unsigned long csystem_raise_descriptor_limit(unsigned long wanted);

// Bytes of address space that the process may have (RLIMIT_AS), and of memory that the machine has; the largest number
// where nothing says so.
unsigned long csystem_address_space(void);
unsigned long csystem_memory(void);

// So many arenas of malloc's for all threads from now on: each has 64 MiB of address space to itself, and takes it first;
// and what is free in one is of no use to the others.
void csystem_limit_arenas(int most);

// Whether the descriptor is a pipe's. (S_ISFIFO is a macro.)
static inline bool csystem_is_pipe(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
}
