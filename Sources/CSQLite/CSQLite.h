#pragma once
// First: POSIX's declarations, which the library's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <sqlite3.h>

// Null where nothing else of SQLite is linked: asking for its version is no reason to link it.
extern const char *sqlite3_libversion(void) __attribute__((weak));
static inline const char *csqlite_version(void) { return sqlite3_libversion ? sqlite3_libversion() : NULL; }

// SQLITE_TRANSIENT is a cast of -1, which Swift does not import: the library copies the bytes before it returns.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}
