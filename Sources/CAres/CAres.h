// Names by c-ares: glibc's resolver loads libraries, which a static executable cannot do safely.
#pragma once
// First: POSIX's declarations, which c-ares's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <ares.h>

// Macros with arithmetic, which Swift does not import.
static inline int cares_is_readable(int bits, int index) { return ARES_GETSOCK_READABLE(bits, index) != 0; }
static inline int cares_is_writable(int bits, int index) { return ARES_GETSOCK_WRITABLE(bits, index) != 0; }

// Unions, of which Swift sees no member that is a struct of bytes.
static inline const void *cares_server_address(const struct ares_addr_port_node *node) { return &node->addr; }
