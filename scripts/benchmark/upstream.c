// What the measured programs call: Ownli's endpoints for tokens, users and rewards, and of DynamoDB as much as they
// need. It is as fast as sockets are, as a slow upstream would hide what they add to it. It keeps nothing: of
// DynamoDB's items there is one, the link of `person`.
//
//   upstream MILLISECONDS [CERTIFICATE KEY]
//
// It listens on a free port of loopback, which is the first line that it prints; with a certificate it speaks TLS.
// MILLISECONDS is how far away it is: every flight of its own, the handshake's first and each answer, waits for so
// long. (A connection itself is made by the kernel, and takes no time.) A thread serves each connection until it is
// closed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { stack_bytes = 131072, request_bytes = 16384 };

static SSL_CTX *context;
static useconds_t distance;
static char access_token[400];
static atomic_uint users;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int take(SSL *session, int socket, char *bytes, int count) {
    return session ? SSL_read(session, bytes, count) : (int)recv(socket, bytes, count, 0);
}

static int give(SSL *session, int socket, const char *text) {
    int length = (int)strlen(text);
    return (session ? SSL_write(session, text, length) : (int)send(socket, text, length, MSG_NOSIGNAL)) == length;
}

// Whether it asks for a token, with all that such a request says.
static int asks_for_token(const char *head, const char *body) {
    return !strncmp(head, "POST /api/auth/token ", 21) && strstr(body, "\"clientId\"")
        && strstr(body, "\"clientSecret\"") && strstr(body, "\"partnerId\"") && strstr(body, "\"scope\"");
}

static int asks_for_link(const char *head, const char *body) {
    return strstr(head, ".GetItem\r\n") && strstr(body, "\"link#person\"");
}

// Returns 0 for what it does not know.
static int write_answer(char *text, size_t size, const char *head, const char *body) {
    if (asks_for_token(head, body)) {
        return snprintf(
            text, size, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"scope\":\"%s\"}",
            access_token, strstr(body, "\"admin\"") ? "admin" : "user");
    }
    if (!strncmp(head, "POST /api/users", 15)) return snprintf(text, size, "{\"id\":\"XT_USR%u\"}", ++users);
    if (!strncmp(head, "POST /api/rewards/grant ", 24)) {
        return snprintf(text, size, "{\"id\":\"XT_RWD1\",\"status\":\"Confirmed\",%s", body + 1);
    }
    if (strncmp(head, "POST / ", 7)) return 0;
    if (asks_for_link(head, body)) {
        return snprintf(
            text, size,
            "{\"Item\":{\"partition\":{\"S\":\"link#person\"},\"sort\":{\"S\":\"ownli\"},\"revision\":{\"N\":\"1\"},"
            "\"attributes\":{\"M\":{\"ownliUserId\":{\"S\":\"XT_USR1\"},\"linkedAt\":{\"S\":\"1777111530000\"}}}}}");
    }
    return snprintf(text, size, strstr(head, ".Query\r\n") ? "{\"Items\":[],\"Count\":0}" : "{}");
}

static int answer(SSL *session, int socket, const char *head, const char *body) {
    char text[4096], whole[5120];
    int length = write_answer(text, sizeof text, head, body);
    if (length >= (int)sizeof text) return 0;
    snprintf(
        whole, sizeof whole,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nDate: Sat, 21 Nov 2026 03:00:00 GMT\r\n"
        "Content-Length: %d\r\n\r\n%.*s",
        length ? "200 OK" : "400 Bad Request", length, length, text);
    return give(session, socket, whole);
}

static void answer_requests(SSL *session, int socket) {
    char bytes[request_bytes];
    int length = 0;
    for (;;) {
        size_t wanted = 0;
        char *body = NULL;
        while (!body || (size_t)length < wanted) {
            int count = take(session, socket, bytes + length, request_bytes - 1 - length);
            if (count <= 0) return;
            length += count;
            bytes[length] = 0;
            char *end = body ? NULL : strstr(bytes, "\r\n\r\n");
            if (!end) continue;
            char *header = strcasestr(bytes, "\r\ncontent-length:");
            body = end + 4;
            wanted = body - bytes + (header && header < body ? strtoul(header + 17, NULL, 10) : 0);
            if (wanted >= request_bytes) return;
        }
        if (distance) usleep(distance);
        // What follows belongs to the next request.
        char kept = bytes[wanted];
        bytes[wanted] = 0;
        int answered = answer(session, socket, bytes, body);
        bytes[wanted] = kept;
        if (!answered) return;
        memmove(bytes, bytes + wanted, length - wanted);
        length -= (int)wanted;
    }
}

static void *serve(void *argument) {
    int socket = (int)(intptr_t)argument, on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (context) {
        SSL *session = SSL_new(context);
        SSL_set_fd(session, socket);
        if (distance) usleep(distance);
        if (SSL_accept(session) > 0) answer_requests(session, socket);
        SSL_free(session);
    } else {
        answer_requests(NULL, socket);
    }
    close(socket);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 2 && count != 4) {
        fprintf(stderr, "usage: upstream MILLISECONDS [CERTIFICATE KEY]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    distance = atoi(arguments[1]) * 1000;
    // As long as a real one: a signed token has some hundred bytes.
    memset(access_token, 'a', sizeof access_token - 1);
    if (count == 4) {
        context = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(context, arguments[2]) != 1
            || SSL_CTX_use_PrivateKey_file(context, arguments[3], SSL_FILETYPE_PEM) != 1)
            fail(arguments[2]);
    }
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (struct sockaddr *)&here, &length);
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_bytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (accepted >= 0 && pthread_create(&thread, &attributes, serve, (void *)(intptr_t)accepted)) close(accepted);
    }
}
