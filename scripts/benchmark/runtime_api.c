#define _GNU_SOURCE
#include "runtime_api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"

// Under a control group's quota, or watched by valgrind, a program takes its time.
enum { patience_seconds = 30 };

static int listener;
static int connection = -1;

void listen_on_loopback(char *address, size_t size) {
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    struct timeval patience = {.tv_sec = patience_seconds};
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 8)) fail("listen");
    getsockname(listener, (struct sockaddr *)&here, &length);
    snprintf(address, size, "127.0.0.1:%d", ntohs(here.sin_port));
}

int receive(struct request *request) {
    request->length = 0;
    request->body = NULL;
    size_t wanted = 0;
    while (!request->body || request->length < wanted) {
        if (connection < 0) {
            connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            if (connection < 0) return 0;
            int on = 1;
            struct timeval patience = {.tv_sec = patience_seconds};
            setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        }
        ssize_t count = read(
            connection, request->bytes + request->length, sizeof request->bytes - 1 - request->length);
        if (count < 0) return 0;
        if (count == 0) {
            close(connection);
            connection = -1;
            request->length = 0;
            continue;
        }
        request->length += count;
        request->bytes[request->length] = 0;
        char *end = request->body ? NULL : strstr(request->bytes, "\r\n\r\n");
        if (!end) continue;
        *end = 0;
        char *header = strcasestr(request->bytes, "\r\ncontent-length:");
        request->body = end + 4;
        wanted = request->body - request->bytes + (header ? strtoul(header + 17, NULL, 10) : 0);
        if (wanted >= sizeof request->bytes) fail("a request that is too large");
    }
    return 1;
}

static void send_all(const char *bytes, size_t length) {
    while (length) {
        ssize_t count = send(connection, bytes, length, MSG_NOSIGNAL);
        if (count <= 0) return;  // the next receive tells
        bytes += count;
        length -= count;
    }
}

void send_event(const char *event, int number) {
    static char answer[1 << 17];
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    int length = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: request-%d\r\n"
        "Lambda-Runtime-Deadline-Ms: %lld\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:measured\r\n"
        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
        "Content-Length: %zu\r\n\r\n%s",
        number, (long long)time.tv_sec * 1000 + 30000, strlen(event), event);
    if (length >= (int)sizeof answer) fail("an event that is too large");
    char digits[16];
    snprintf(digits, sizeof digits, "%08d", number);
    for (char *mark = answer; (mark = strstr(mark, "@@@@@@@@")); mark += 8) memcpy(mark, digits, 8);
    send_all(answer, length);
}

void send_accepted(void) {
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    send_all(accepted, sizeof accepted - 1);
}

int is_next(const struct request *request) {
    return !strncmp(request->bytes, "GET /2018-06-01/runtime/invocation/next ", 40);
}

int is_success(const struct request *request) {
    if (!strstr(request->bytes, "/response HTTP/1.1")) return 0;
    const char *status = strstr(request->body, "\"statusCode\":");
    return !status || !strncmp(status + 13 + strspn(status + 13, " "), "200", 3);
}

void hang_up(void) {
    if (connection >= 0) close(connection);
    connection = -1;
}
