#define _GNU_SOURCE
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failure.h"

extern char **environ;

enum { patience_milliseconds = 5000 };

size_t evict(const char *path) {
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

void read_memory(pid_t process, struct samples *peak, struct samples *anonymous) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", process);
    FILE *status = fopen(path, "re");
    if (!status) return;
    while (fgets(line, sizeof line, status)) {
        if (!strncmp(line, "VmHWM:", 6)) add(peak, atof(line + 6));
        if (!strncmp(line, "RssAnon:", 8)) add(anonymous, atof(line + 8));
    }
    fclose(status);
}

// The 10th field of /proc/PID/stat. The process's name is the 2nd, and may have blanks.
void read_faults(pid_t process, struct samples *samples) {
    char path[64], line[1024];
    long faults;
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "re");
    if (!file) return;
    char *rest = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (rest && sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %ld", &faults) == 1) add(samples, faults);
    fclose(file);
}

void move_into(const char *group, pid_t process) {
    char path[512];
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    FILE *file = fopen(path, "we");
    if (!file || fprintf(file, "%d", process) < 0 || fclose(file)) fail(path);
}

pid_t start(const char *path, char **settings, size_t settings_count) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    char *arguments[] = {(char *)path, NULL};
    size_t count = 0;
    while (environ[count]) count++;
    char **environment = calloc(count + settings_count + 1, sizeof *environment);
    if (!environment) fail("memory");
    memcpy(environment, environ, count * sizeof *environment);
    memcpy(environment + count, settings, settings_count * sizeof *environment);
    pid_t process;
    errno = posix_spawn(&process, path, &actions, NULL, arguments, environment);
    if (errno) fail(path);
    free(environment);
    posix_spawn_file_actions_destroy(&actions);
    return process;
}

void stop(pid_t process) {
    kill(process, SIGTERM);
    for (int waited = 0; waited < patience_milliseconds; waited++) {
        if (waitpid(process, NULL, WNOHANG) == process) return;
        usleep(1000);
    }
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
}
