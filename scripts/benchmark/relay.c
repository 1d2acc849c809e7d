// The least that a token relay can be: a static C program on blocking sockets, without TLS, logs or checks. It makes
// the same calls as token-relay (GET next, POST the upstream's token, POST the response) and is the floor that
// scripts/bench measures the functions against. It is no model for anything else.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    const char *address;  // ip:port
    int socket;           // -1 while there is no connection
};

struct answer {
    char bytes[65536];
    char *body;
    size_t body_length;
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void connect_to(struct server *server) {
    char ip[64];
    const char *colon = strrchr(server->address, ':');
    if (!colon || (size_t)(colon - server->address) >= sizeof ip) fail(server->address);
    memcpy(ip, server->address, colon - server->address);
    ip[colon - server->address] = 0;

    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    if (inet_pton(AF_INET, ip, &to.sin_addr) != 1) fail(server->address);
    server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(server->socket, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    int on = 1;
    setsockopt(server->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void disconnect(struct server *server) {
    close(server->socket);
    server->socket = -1;
}

// Reads one answer with a Content-Length. Returns 0 when the connection ended before the whole of it was there.
static int receive(struct server *server, struct answer *answer) {
    size_t length = 0, wanted = 0;
    answer->body = NULL;
    while (!answer->body || length < wanted) {
        ssize_t count = read(server->socket, answer->bytes + length, sizeof answer->bytes - 1 - length);
        if (count <= 0) return 0;
        length += count;
        answer->bytes[length] = 0;
        char *end = answer->body ? NULL : strstr(answer->bytes, "\r\n\r\n");
        if (!end) continue;
        *end = 0;
        char *header = strcasestr(answer->bytes, "\r\ncontent-length:");
        answer->body = end + 4;
        answer->body_length = header ? strtoul(header + 17, NULL, 10) : 0;
        wanted = answer->body - answer->bytes + answer->body_length;
        if (wanted >= sizeof answer->bytes) fail("an answer that is too large");
    }
    if (strcasestr(answer->bytes, "\r\nconnection: close")) disconnect(server);
    return 1;
}

// Sends a request; once more, on a fresh connection, when the one from before turns out to be closed.
static void exchange(struct server *server, const char *request, size_t length, struct answer *answer) {
    for (int try = 0; try < 2; try++) {
        if (server->socket < 0) connect_to(server);
        if (send(server->socket, request, length, MSG_NOSIGNAL) == (ssize_t)length && receive(server, answer)) return;
        disconnect(server);
    }
    fail("exchange");
}

static void copy_header(const char *answer, const char *name, char *value, size_t size) {
    const char *found = strcasestr(answer, name);
    size_t length = 0;
    if (found) {
        found += strlen(name);
        found += strspn(found, " ");
        length = strcspn(found, "\r\n");
    }
    if (!length || length >= size) fail(name);
    memcpy(value, found, length);
    value[length] = 0;
}

static void copy_member(const char *json, const char *name, char *value, size_t size) {
    const char *found = strstr(json, name);
    size_t length = 0;
    if (found) {
        found += strlen(name);
        found += strspn(found, ": \"");
        length = strcspn(found, "\",}");
    }
    if (!length || length >= size) fail(name);
    memcpy(value, found, length);
    value[length] = 0;
}

static const char *setting(const char *name) {
    const char *value = getenv(name);
    if (!value) fail(name);
    return value;
}

static const char *without_scheme(const char *url) {
    return strncmp(url, "http://", 7) ? url : url + 7;
}

int main(void) {
    static struct answer event, token;
    static char credentials[2048], token_request[4096], next[512], body[8192], escaped[16384], response[32768];
    struct server runtime = {setting("AWS_LAMBDA_RUNTIME_API"), -1};
    struct server ownli = {without_scheme(setting("OWNLI_BASE_URL")), -1};

    int credentials_length = snprintf(
        credentials, sizeof credentials,
        "{\"clientId\":\"%s\",\"clientSecret\":\"%s\",\"partnerId\":\"%s\",\"scope\":\"user\"}",
        setting("OWNLI_CLIENT_ID"), setting("OWNLI_CLIENT_SECRET"), setting("OWNLI_PARTNER_ID"));
    int token_request_length = snprintf(
        token_request, sizeof token_request,
        "POST /api/auth/token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        "Content-Length: %d\r\n\r\n%s",
        ownli.address, credentials_length, credentials);
    int next_length = snprintf(
        next, sizeof next, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", runtime.address);

    for (;;) {
        exchange(&runtime, next, next_length, &event);
        char id[128], access_token[4096], expires_in[32];
        copy_header(event.bytes, "\r\nlambda-runtime-aws-request-id:", id, sizeof id);

        exchange(&ownli, token_request, token_request_length, &token);
        copy_member(token.body, "\"access_token\"", access_token, sizeof access_token);
        copy_member(token.body, "\"expires_in\"", expires_in, sizeof expires_in);

        snprintf(
            escaped, sizeof escaped,
            "{\\\"access_token\\\":\\\"%s\\\",\\\"expires_in\\\":%s,\\\"scope\\\":\\\"user\\\"}", access_token,
            expires_in);
        int body_length = snprintf(
            body, sizeof body,
            "{\"statusCode\":200,\"headers\":{\"content-type\":\"application/json\",\"cache-control\":\"no-store\"},"
            "\"body\":\"%s\"}",
            escaped);
        int response_length = snprintf(
            response, sizeof response,
            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
            "Content-Length: %d\r\n\r\n%s",
            id, runtime.address, body_length, body);
        exchange(&runtime, response, response_length, &event);
    }
}
