#pragma once
#include <stddef.h>

struct samples {
    double *values;
    size_t count;
};

void add(struct samples *samples, double value);

// The nearest-rank percentile; 0 when nothing was measured.
double percentile(struct samples *samples, int percent);
