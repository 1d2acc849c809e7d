#define _GNU_SOURCE
#include "CSystem.h"

int csystem_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }
