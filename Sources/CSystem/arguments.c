#include "CSystem.h"

static int argument_count;
static char **argument_vector;

// glibc hands main's arguments to constructors too, in static executables as well.
__attribute__((constructor)) static void remember_arguments(int count, char **vector) {
    argument_count = count;
    argument_vector = vector;
}

int csystem_argument_count(void) { return argument_count; }
const char *csystem_argument(int index) { return argument_vector[index]; }
