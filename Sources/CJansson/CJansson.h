#pragma once
// First: POSIX's declarations, which the library's headers include too, then belong to one module only.
#include "../CSystem/include/CSystem.h"
#include <jansson.h>

// Macros with arguments, which Swift does not import.
static inline size_t cjansson_real_precision(int digits) { return JSON_REAL_PRECISION(digits); }
static inline json_type cjansson_typeof(const json_t *value) { return json_typeof(value); }
static inline enum json_error_code cjansson_error_code(const json_error_t *error) { return json_error_code(error); }
