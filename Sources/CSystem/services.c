#include <errno.h>
#include <netdb.h>
#include <stddef.h>

// c-ares looks up a service's port by its name, and the other way round. Here ports are numbers, and glibc's own functions
// would bring the name service switch with them, which a static program cannot load.

struct servent *getservbyname(const char *name, const char *protocol) {
    (void)name, (void)protocol;
    return NULL;
}

int getservbyport_r(
    int port, const char *protocol, struct servent *entry, char *buffer, size_t size, struct servent **found
) {
    (void)port, (void)protocol, (void)entry, (void)buffer, (void)size;
    *found = NULL;
    return ENOENT;
}
