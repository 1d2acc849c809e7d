#define _GNU_SOURCE
#include "CSystem.h"

int csystem_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

int csystem_is_abandoned(int connection) {
    struct pollfd state = {.fd = connection, .events = POLLRDHUP};
    return poll(&state, 1, 0) == 1;
}

unsigned long csystem_raise_descriptor_limit(unsigned long wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    if (limit.rlim_cur < wanted) {
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
    }
    return limit.rlim_cur;
}

union peer {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

// The address's size; 0 when it is none.
static socklen_t read_address(const char *text, unsigned short port, union peer *peer) {
    memset(peer, 0, sizeof *peer);
    if (inet_pton(AF_INET, text, &peer->v4.sin_addr) == 1) {
        peer->v4.sin_family = AF_INET;
        peer->v4.sin_port = htons(port);
        return sizeof peer->v4;
    }
    if (inet_pton(AF_INET6, text, &peer->v6.sin6_addr) == 1) {
        peer->v6.sin6_family = AF_INET6;
        peer->v6.sin6_port = htons(port);
        return sizeof peer->v6;
    }
    return 0;
}

bool csystem_is_address(const char *text) {
    union peer peer;
    return read_address(text, 0, &peer) != 0;
}

// A connect that a signal has interrupted goes on by itself (POSIX).
static bool is_connected(int descriptor, long milliseconds) {
    struct pollfd state = {.fd = descriptor, .events = POLLOUT};
    int count, error = 0;
    socklen_t size = sizeof error;
    while ((count = poll(&state, 1, (int)milliseconds)) < 0 && errno == EINTR) continue;
    return count == 1 && getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static void set_timeout(int descriptor, int option, long milliseconds) {
    struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    setsockopt(descriptor, SOL_SOCKET, option, &time, sizeof time);
}

int csystem_connect(const char *address, unsigned short port, long milliseconds, long patience) {
    union peer peer;
    socklen_t size = read_address(address, port, &peer);
    if (size == 0) return -1;
    int descriptor = socket(peer.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    // On Linux the time-out of sending is that of connecting too (socket(7)).
    set_timeout(descriptor, SO_SNDTIMEO, milliseconds);
    set_timeout(descriptor, SO_RCVTIMEO, patience);
    if (connect(descriptor, &peer.any, size) == 0) return descriptor;
    if (errno == EINTR && is_connected(descriptor, milliseconds)) return descriptor;
    close(descriptor);
    return -1;
}

int csystem_open_datagrams(const char *address, unsigned short port) {
    union peer peer;
    socklen_t size = read_address(address, port, &peer);
    if (size == 0) return -1;
    int descriptor = socket(peer.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0 || connect(descriptor, &peer.any, size) == 0) return descriptor;
    close(descriptor);
    return -1;
}
