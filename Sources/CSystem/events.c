#define _GNU_SOURCE
#include "CSystem.h"

static bool add(int epoll, int descriptor, uint32_t events, uint64_t number) {
    struct epoll_event event = {.events = events, .data.u64 = number};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool csystem_tell_once(int epoll, int connection, uint64_t number) {
    return add(epoll, connection, EPOLLIN | EPOLLRDHUP | EPOLLET, number);
}

bool csystem_tell_all(int epoll, int descriptor, uint64_t number) { return add(epoll, descriptor, EPOLLIN, number); }

void csystem_tell_no_more(int epoll, int descriptor) {
    struct epoll_event unused;
    epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &unused);
}

bool csystem_next_event(int epoll, int milliseconds, uint64_t *number, bool *is_ending) {
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, milliseconds) != 1) return false;
    *number = event.data.u64;
    *is_ending = event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    return true;
}
