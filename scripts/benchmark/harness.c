// Measures Lambda bootstraps: plays the Runtime API on blocking sockets, one program at a time.
//
//   harness STARTS CALLS keep|evict|GROUP IDLE [NAME=VALUE ...] NAME BOOTSTRAP EVENT ...
//
// Each program is started STARTS times, in turn with the others, and invoked CALLS times, the first time IDLE
// milliseconds after it has asked for an event. Every @@@@@@@@ in its event becomes a number that no other invocation
// gets. With `evict` the bootstrap's pages are dropped from the page cache before each start. GROUP is a directory of a
// control group, which a program is moved into once it has asked for its first event: Lambda starts a function with
// all of a processor, and gives it its share from then on. The environment is the programs' own, with
// AWS_LAMBDA_RUNTIME_API added; settings before a program's name are added for it alone. One line of values each,
// separated by tabs: name, then p50 and p99 of init, first and warm in microseconds, the medians of peak and anonymous
// memory in KiB and of page faults until the first event is asked for, and how many invocations were not answered with
// a success.
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "process.h"
#include "runtime_api.h"
#include "samples.h"

struct program {
    char **settings;  // its own part of the environment
    size_t settings_count;
    const char *name, *path;
    char *event;
    struct samples init, first, warm, peak, anonymous, faults;
    int failures;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
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

static void measure(struct program *program, int calls, const char *group, int idle) {
    static struct request request;
    double started = now();
    pid_t process = start(program->path, program->settings, program->settings_count);
    int alive = receive(&request) && is_next(&request);
    if (alive) {
        add(&program->init, now() - started);
        read_faults(process, &program->faults);
        if (group) move_into(group, process);
        if (idle) usleep(idle * 1000);
    } else {
        fprintf(stderr, "harness: %s asked for no event: %.300s\n", program->name, request.bytes);
    }
    for (int count = 0; alive && count < calls; count++)
        alive = invoke(program, count ? &program->warm : &program->first, &request);
    if (alive) read_memory(process, &program->peak, &program->anonymous);
    else program->failures++;
    stop(process);
    hang_up();
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

static struct program *read_programs(char **given, size_t *count) {
    struct program *programs = NULL;
    for (*count = 0; *given; (*count)++) {
        programs = realloc(programs, (*count + 1) * sizeof *programs);
        if (!programs) fail("memory");
        struct program program = {.settings = given};
        while (*given && strchr(*given, '=')) given++;
        program.settings_count = given - program.settings;
        if (!given[0] || !given[1] || !given[2]) fail("a program is a name, a path and an event");
        program.name = given[0];
        program.path = given[1];
        program.event = read_file(given[2]);
        programs[*count] = program;
        given += 3;
    }
    return programs;
}

int main(int count, char **arguments) {
    if (count < 8) {
        fprintf(stderr, "usage: harness STARTS CALLS keep|evict|GROUP IDLE [NAME=VALUE ..] NAME BOOTSTRAP EVENT ..\n");
        return 2;
    }
    int starts = atoi(arguments[1]), calls = atoi(arguments[2]), idle = atoi(arguments[4]);
    int evicting = !strcmp(arguments[3], "evict");
    const char *group = evicting || !strcmp(arguments[3], "keep") ? NULL : arguments[3];
    size_t programs_count, stayed = 0;
    struct program *programs = read_programs(arguments + 5, &programs_count);
    char address[64];
    listen_on_loopback(address, sizeof address);
    setenv("AWS_LAMBDA_RUNTIME_API", address, 1);

    for (int round = 0; round < starts; round++) {
        for (size_t index = 0; index < programs_count; index++) {
            if (evicting) stayed += evict(programs[index].path);
            measure(&programs[index], calls, group, idle);
        }
    }
    if (stayed) fprintf(stderr, "harness: %zu pages could not be evicted: not all was cold\n", stayed);
    for (size_t index = 0; index < programs_count; index++) {
        struct program *program = &programs[index];
        printf(
            "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%d\n", program->name,
            percentile(&program->init, 50), percentile(&program->init, 99), percentile(&program->first, 50),
            percentile(&program->first, 99), percentile(&program->warm, 50), percentile(&program->warm, 99),
            percentile(&program->peak, 50), percentile(&program->anonymous, 50), percentile(&program->faults, 50),
            program->failures);
    }
}
