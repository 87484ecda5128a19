// SPDX-License-Identifier: MIT
/*
 * vector_judge: does with the real wire what the steps of a golden vector say, beside a core_double
 * that knows what the vector says it knows. Tells what came of each step in the notation of
 * proto/README.md, which both implementations must bring alike. Aborts where the JSON is not as
 * described there.
 */
#ifndef VECTOR_JUDGE_H
#define VECTOR_JUDGE_H

#include <jansson.h>

#include "core_double.h"
#include "wire/wire.h"

struct vector_judge {
    struct wire wire;
    struct core core;
    char name[NODES_MAX][64];
};

/* `node` is that of a vector. Errors: -1 if its keys are refused. */
int vector_judge_init(struct vector_judge *judge, const json_t *node);
/* A new reference: what the step brings. */
json_t *vector_judge_step(struct vector_judge *judge, const json_t *step);

#endif
