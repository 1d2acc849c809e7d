#pragma once
// First: POSIX's declarations, which the library's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <sqlite3.h>

// SQLITE_TRANSIENT is a cast of -1, which Swift does not import: the library copies the bytes before it returns.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}
