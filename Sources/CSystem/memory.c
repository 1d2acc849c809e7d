#include "CSystem.h"
#include <malloc.h>

void csystem_return_memory(void) { malloc_trim(0); }

unsigned long csystem_address_space(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 ? limit.rlim_cur : ULONG_MAX;
}

unsigned long csystem_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (unsigned long)pages * (unsigned long)size : ULONG_MAX;
}

void csystem_share_arena(void) { mallopt(M_ARENA_MAX, 1); }
