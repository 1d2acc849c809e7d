// Many requests at once: opens so many connections, sends a request on each, and waits until all are answered.
//
//   burst PORT CONNECTIONS ROUNDS REQUEST
//
// Prints the milliseconds that the quickest round took, and how many answers were no 200. Then it keeps the connections
// open, and idle, until its standard input ends.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { answer_bytes = 4096, patience_milliseconds = 30000 };

struct caller {
    char answer[answer_bytes];
    size_t length;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int is_whole(const struct caller *caller) {
    const char *end = strstr(caller->answer, "\r\n\r\n");
    const char *header = end ? strcasestr(caller->answer, "\r\ncontent-length:") : NULL;
    return end && caller->length >= end + 4 - caller->answer + (header ? strtoul(header + 17, NULL, 10) : 0);
}

// Returns how many were answered with something else than 200.
static int round_of(struct pollfd *sockets, struct caller *callers, int count, const char *request) {
    int waiting = count, failures = 0;
    for (int index = 0; index < count; index++) {
        callers[index].length = 0;
        sockets[index].events = POLLIN;
        if (send(sockets[index].fd, request, strlen(request), MSG_NOSIGNAL) < 0) fail("send");
    }
    while (waiting) {
        if (poll(sockets, count, patience_milliseconds) <= 0) fail("poll");
        for (int index = 0; index < count; index++) {
            struct caller *caller = &callers[index];
            if (!(sockets[index].revents & (POLLIN | POLLHUP | POLLERR))) continue;
            ssize_t received = read(
                sockets[index].fd, caller->answer + caller->length, answer_bytes - 1 - caller->length);
            if (received > 0) caller->length += received;
            caller->answer[caller->length] = 0;
            if (received > 0 && !is_whole(caller)) continue;
            if (strncmp(caller->answer, "HTTP/1.1 200 ", 13)) failures++;
            sockets[index].events = 0;
            waiting--;
        }
    }
    return failures;
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: burst PORT CONNECTIONS ROUNDS REQUEST\n");
        return 2;
    }
    int connections = atoi(arguments[2]), rounds = atoi(arguments[3]), failures = 0;
    struct rlimit files = {connections + 64, connections + 64};
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pollfd *sockets = calloc(connections, sizeof *sockets);
    struct caller *callers = calloc(connections, sizeof *callers);
    if (!sockets || !callers) fail("memory");
    for (int index = 0; index < connections; index++) {
        int on = 1;
        sockets[index].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (sockets[index].fd < 0 || connect(sockets[index].fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
        setsockopt(sockets[index].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    double quickest = 0;
    for (int round = 0; round < rounds; round++) {
        double started = now();
        failures += round_of(sockets, callers, connections, arguments[4]);
        double took = now() - started;
        if (!round || took < quickest) quickest = took;
    }
    printf("%.1f %d\n", quickest, failures);
    fflush(stdout);
    while (getchar() != EOF) continue;
}
