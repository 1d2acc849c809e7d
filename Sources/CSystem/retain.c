#include "CSystem.h"

// Embedded Swift's own swift_bridgeObjectRetain answers with the object without its tag, and the compiler is told that it
// answers with what it was given. On arm64 it relies on that: of a short string, which has some of its bytes where the tag
// is, something else was stored now and then (Swift 6.3.1). Swift's own are weak, so the linker takes these.
#if defined(EMBEDDED_SWIFT) && defined(__aarch64__)

void *swift_retain(void *object);
void *swift_retain_n(void *object, uint32_t count);

// As HeapObject.bridgeObjectToPlainObjectMask has it for arm64. With the highest bit there is no object to be counted.
static const uintptr_t plain_object = 0x8ffffffffffffff8;
static bool is_counted(void *object) { return ((uintptr_t)object & (uintptr_t)1 << 63) == 0; }

void *swift_bridgeObjectRetain(void *object) {
    if (is_counted(object)) swift_retain((void *)((uintptr_t)object & plain_object));
    return object;
}

void *swift_bridgeObjectRetain_n(void *object, uint32_t count) {
    if (is_counted(object)) swift_retain_n((void *)((uintptr_t)object & plain_object), count);
    return object;
}

#endif
