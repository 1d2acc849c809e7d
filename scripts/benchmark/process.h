#pragma once
#include <sys/types.h>

#include "samples.h"

// With settings, each NAME=VALUE, added to this process's own environment. What it prints is thrown away.
pid_t start(const char *path, char **settings, size_t settings_count);

// Asks it to end, as whatever watches it, like valgrind, has to see it end.
void stop(pid_t process);

// In KiB.
void read_memory(pid_t process, struct samples *peak, struct samples *anonymous);

// Page faults, major ones aside.
void read_faults(pid_t process, struct samples *faults);

// Into a control group, which is a directory.
void move_into(const char *group, pid_t process);

// Drops a file's pages from the page cache. Returns how many stayed.
size_t evict(const char *path);
