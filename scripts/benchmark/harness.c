// Measures Lambda bootstraps: plays the Runtime API on blocking sockets, one program at a time.
//
//   harness STARTS WARM evict|keep NAME BOOTSTRAP EVENT [NAME BOOTSTRAP EVENT ...]
//
// Each program is started STARTS times, in turn with the others, and invoked 1 + WARM times. Every @@@@@@@@ in its event
// becomes a number that no other invocation gets. With `evict` the bootstrap's pages are dropped from the page cache
// before each start. The environment is the programs' own, with AWS_LAMBDA_RUNTIME_API added. One line of values each,
// separated by tabs: name, then p50 and p99 of init, first and warm in microseconds, the medians of peak and anonymous
// memory in KiB, and how many invocations were not answered with a success.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { patience_seconds = 15 };

struct samples {
    double *values;
    size_t count;
};

struct program {
    const char *name, *path;
    char *event;
    struct samples init, first, warm, peak, anonymous;
    int failures;
};

struct request {
    char bytes[1 << 20];
    size_t length;  // of what is there
    char *body;
};

static int listener;
static int connection = -1;

static void fail(const char *what) {
    fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void add(struct samples *samples, double value) {
    samples->values = realloc(samples->values, (samples->count + 1) * sizeof(double));
    if (!samples->values) fail("memory");
    samples->values[samples->count++] = value;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

// The nearest-rank percentile; 0 when nothing was measured.
static double percentile(struct samples *samples, int percent) {
    if (!samples->count) return 0;
    qsort(samples->values, samples->count, sizeof(double), ascending);
    size_t rank = (samples->count * percent + 99) / 100;
    return samples->values[rank ? rank - 1 : 0];
}

static int listen_on_loopback(char *address, size_t size) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    struct timeval patience = {.tv_sec = patience_seconds};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(descriptor, (struct sockaddr *)&here, sizeof here) || listen(descriptor, 8)) fail("listen");
    getsockname(descriptor, (struct sockaddr *)&here, &length);
    snprintf(address, size, "127.0.0.1:%d", ntohs(here.sin_port));
    return descriptor;
}

// Reads the program's next request, on its open connection or on a new one. Returns 0 when none comes.
static int receive(struct request *request) {
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

static void send_event(const char *event, int number) {
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

static void send_accepted(void) {
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    send_all(accepted, sizeof accepted - 1);
}

static int is_next(const struct request *request) {
    return !strncmp(request->bytes, "GET /2018-06-01/runtime/invocation/next ", 40);
}

static int is_success(const struct request *request) {
    if (!strstr(request->bytes, "/response HTTP/1.1")) return 0;
    const char *status = strstr(request->body, "\"statusCode\":");
    return !status || !strncmp(status + 13 + strspn(status + 13, " "), "200", 3);
}

// Drops a file's pages from the page cache. Returns how many stayed.
static size_t evict(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status)) fail(path);
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    size_t pages = (status.st_size + 4095) / 4096, resident = 0;
    unsigned char *residency = malloc(pages);
    void *mapping = mmap(NULL, status.st_size, PROT_NONE, MAP_SHARED, file, 0);
    if (!residency || mapping == MAP_FAILED || mincore(mapping, status.st_size, residency)) fail("mincore");
    for (size_t page = 0; page < pages; page++) resident += residency[page] & 1;
    munmap(mapping, status.st_size);
    free(residency);
    close(file);
    return resident;
}

static void read_memory(pid_t process, struct program *program) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", process);
    FILE *status = fopen(path, "re");
    if (!status) return;
    while (fgets(line, sizeof line, status)) {
        if (!strncmp(line, "VmHWM:", 6)) add(&program->peak, atof(line + 6));
        if (!strncmp(line, "RssAnon:", 8)) add(&program->anonymous, atof(line + 8));
    }
    fclose(status);
}

static pid_t start(const char *path) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    char *arguments[] = {(char *)path, NULL};
    pid_t process;
    errno = posix_spawn(&process, path, &actions, NULL, arguments, environ);
    if (errno) fail(path);
    posix_spawn_file_actions_destroy(&actions);
    return process;
}

// Invokes the program once; it has asked for the next event already. Returns 0 when it answers nothing.
static int invoke(struct program *program, struct samples *samples, struct request *request) {
    static int number = 0;
    double sent = now();
    send_event(program->event, ++number);
    if (!receive(request)) return 0;
    add(samples, now() - sent);
    if (!is_success(request)) {
        if (!program->failures++) fprintf(stderr, "harness: %s answered %.300s\n", program->name, request->body);
    }
    send_accepted();
    return receive(request) && is_next(request);
}

static void measure(struct program *program, int warm) {
    static struct request request;
    double started = now();
    pid_t process = start(program->path);
    int alive = receive(&request) && is_next(&request);
    if (alive) add(&program->init, now() - started);
    else fprintf(stderr, "harness: %s asked for no event: %.300s\n", program->name, request.bytes);
    if (warm >= 0) {
        alive = alive && invoke(program, &program->first, &request);
        for (int count = 0; alive && count < warm; count++) alive = invoke(program, &program->warm, &request);
        if (alive) read_memory(process, program);
    }
    if (!alive) program->failures++;
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    if (connection >= 0) close(connection);
    connection = -1;
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "re");
    char *text = calloc(1, 65536);
    if (!file || !text) fail(path);
    size_t length = fread(text, 1, 65535, file);
    while (length && text[length - 1] == '\n') text[--length] = 0;
    fclose(file);
    return text;
}

int main(int count, char **arguments) {
    if (count < 7 || (count - 4) % 3) {
        fprintf(stderr, "usage: harness STARTS WARM evict|keep NAME BOOTSTRAP EVENT ...\n");
        return 2;
    }
    int starts = atoi(arguments[1]), evicting = !strcmp(arguments[3], "evict");
    // What follows the first request on a cold cache is measured with a warm one: here only the start counts.
    int warm = evicting ? -1 : atoi(arguments[2]);
    size_t programs_count = (count - 4) / 3, stayed = 0;
    struct program *programs = calloc(programs_count, sizeof *programs);
    for (size_t index = 0; index < programs_count; index++) {
        char **given = arguments + 4 + 3 * index;
        programs[index] = (struct program){.name = given[0], .path = given[1], .event = read_file(given[2])};
    }
    char address[64];
    listener = listen_on_loopback(address, sizeof address);
    setenv("AWS_LAMBDA_RUNTIME_API", address, 1);

    for (int round = 0; round < starts; round++) {
        for (size_t index = 0; index < programs_count; index++) {
            if (evicting) stayed += evict(programs[index].path);
            measure(&programs[index], warm);
        }
    }
    if (stayed) fprintf(stderr, "harness: %zu pages could not be evicted; the cold starts are warmer than they say\n", stayed);
    for (size_t index = 0; index < programs_count; index++) {
        struct program *program = &programs[index];
        printf(
            "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%d\n", program->name, percentile(&program->init, 50),
            percentile(&program->init, 99), percentile(&program->first, 50), percentile(&program->first, 99),
            percentile(&program->warm, 50), percentile(&program->warm, 99), percentile(&program->peak, 50),
            percentile(&program->anonymous, 50), program->failures);
    }
}
