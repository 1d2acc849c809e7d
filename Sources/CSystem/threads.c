#include "CSystem.h"

static _Thread_local void *context;

void *csystem_thread_context(void) { return context; }

void csystem_set_thread_context(void *value) { context = value; }
