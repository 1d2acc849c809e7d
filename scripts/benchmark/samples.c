#include "samples.h"

#include "failure.h"

void add(struct samples *samples, double value) {
    samples->values = realloc(samples->values, (samples->count + 1) * sizeof(double));
    if (!samples->values) fail("memory");
    samples->values[samples->count++] = value;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

double percentile(struct samples *samples, int percent) {
    if (!samples->count) return 0;
    qsort(samples->values, samples->count, sizeof(double), ascending);
    size_t rank = (samples->count * percent + 99) / 100;
    return samples->values[rank ? rank - 1 : 0];
}
