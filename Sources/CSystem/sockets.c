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
