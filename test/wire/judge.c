// SPDX-License-Identifier: MIT
/*
 * wire_judge: the real wire as a filter. A line {"node": ...} makes a node, every other line is a
 * step of it, both in the notation of proto/README.md; each is answered with one line, what the
 * step brings or {"refused": true|false} for a node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vector_json.h"
#include "vector_judge.h"

static json_t *answer(struct vector_judge *judge, const json_t *line)
{
    const json_t *node = json_object_get(line, "node");
    if (node == NULL)
        return vector_judge_step(judge, line);
    return json_pack("{s:b}", "refused", vector_judge_init(judge, node) != 0);
}

int main(void)
{
    struct vector_judge *judge = calloc(1, sizeof(*judge));
    char *text = NULL;
    size_t size = 0;
    vector_json_require(judge != NULL);
    while (getline(&text, &size, stdin) > 0) {
        json_t *line = json_loads(text, 0, NULL);
        vector_json_require(line != NULL);
        json_t *said = answer(judge, line);
        (void)json_dumpf(said, stdout, JSON_COMPACT);
        (void)putchar('\n');
        (void)fflush(stdout);
        json_decref(said);
        json_decref(line);
    }
    free(text);
    free(judge);
    return 0;
}
