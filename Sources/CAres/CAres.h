// Names by c-ares: glibc's resolver loads libraries, which a static executable cannot do safely.
#pragma once
// First: POSIX's declarations, which c-ares's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
// 1.34 calls functions old whose successors 1.18 does not have.
#define CARES_NO_DEPRECATED
#include <ares.h>

// Macros in 1.18, and an enumeration of its own in 1.34; a status is an int in both.
static const int cares_success = ARES_SUCCESS;
static const int cares_no_data = ARES_ENODATA;
static const int cares_not_found = ARES_ENOTFOUND;

// Macros with arithmetic, which Swift does not import.
static inline int cares_is_readable(int bits, int index) { return ARES_GETSOCK_READABLE(bits, index) != 0; }
static inline int cares_is_writable(int bits, int index) { return ARES_GETSOCK_WRITABLE(bits, index) != 0; }

// Unions, of which Swift sees no member that is a struct of bytes.
static inline const void *cares_server_address(const struct ares_addr_port_node *node) { return &node->addr; }
