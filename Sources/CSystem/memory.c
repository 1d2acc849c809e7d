#include "CSystem.h"
#include <malloc.h>
#include <stddef.h>

void csystem_return_memory(void) { malloc_trim(0); }

unsigned long csystem_address_space(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 ? limit.rlim_cur : ULONG_MAX;
}

unsigned long csystem_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (unsigned long)pages * (unsigned long)size : ULONG_MAX;
}

// Embedded Swift takes every object's memory from posix_memalign, which takes a larger piece and gives back what is left
// over. scripts/package has the linker put this in its place: malloc's memory is aligned to 16 bytes as it is.
int __real_posix_memalign(void **memory, size_t alignment, size_t size) __attribute__((weak));
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment > _Alignof(max_align_t)) return __real_posix_memalign(memory, alignment, size);
    *memory = malloc(size);
    return *memory ? 0 : ENOMEM;
}

void csystem_limit_arenas(int most) { mallopt(M_ARENA_MAX, most); }
