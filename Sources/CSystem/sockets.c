#define _GNU_SOURCE
#include "CSystem.h"

int csystem_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }
