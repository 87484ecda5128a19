// SPDX-License-Identifier: MIT
/*
 * The golden vectors of proto/vectors, judged by the real wire: the same drops, the same decoded
 * fields, the same bytes as the independent implementation in proto/reference.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "vector_judge.h"

#define VECTORS VG_SOURCE_DIR "/proto/vectors"

static json_t *load(const char *name)
{
    char path[512];
    json_error_t error;
    (void)snprintf(path, sizeof(path), VECTORS "/%s", name);
    json_t *file = json_load_file(path, 0, &error);
    if (file == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return file;
}

/* What a step has beside what it gives is what it must bring. */
static json_t *expected_of(const json_t *step)
{
    static const char *const given[] = {"about", "knows", "record", "receive",
                                        "send",  "to",    "will"};
    json_t *expected = json_copy((json_t *)step);
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
        (void)json_object_del(expected, given[i]);
    return expected;
}

static bool step_is_right(struct vector_judge *judge, const char *name, const json_t *step)
{
    json_t *expected = expected_of(step);
    json_t *found = vector_judge_step(judge, step);
    bool right = json_equal(expected, found) != 0;
    if (!right) {
        char *should = json_dumps(expected, JSON_SORT_KEYS);
        char *is = json_dumps(found, JSON_SORT_KEYS);
        print_error("%s:\nexpected %s\nfound    %s\n", name, should, is);
        free(should);
        free(is);
    }
    json_decref(expected);
    json_decref(found);
    return right;
}

/* `wrong` is an array of the names of the vectors that failed. */
static void check_vector(const json_t *vector, json_t *wrong)
{
    struct vector_judge *judge = malloc(sizeof(*judge));
    assert_non_null(judge);
    const char *name = json_string_value(json_object_get(vector, "name"));
    bool refused = json_is_true(json_object_get(vector, "refused"));
    bool right = vector_judge_init(judge, json_object_get(vector, "node")) == (refused ? -1 : 0);
    size_t at;
    json_t *step;
    json_array_foreach(json_object_get(vector, "steps"), at, step) right =
        right && step_is_right(judge, name, step);
    if (!right)
        (void)json_array_append_new(wrong, json_string(name));
    free(judge);
}

/* Calls `visit` with `context` for each vector of each file; returns how many there were. */
static unsigned visit_all(void (*visit)(const json_t *vector, json_t *context), json_t *context)
{
    unsigned count = 0;
    DIR *directory = opendir(VECTORS);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".json") != 0)
            continue;
        json_t *file = load(entry->d_name);
        size_t at;
        json_t *vector;
        json_array_foreach(json_object_get(file, "vectors"), at, vector)
        {
            visit(vector, context);
            count++;
        }
        json_decref(file);
    }
    (void)closedir(directory);
    return count;
}

static void test_every_vector_is_judged_as_it_says(void **state)
{
    (void)state;
    json_t *wrong = json_array();
    assert_true(visit_all(check_vector, wrong) >= 250);
    for (size_t i = 0; i < json_array_size(wrong); i++)
        print_error("wrong: %s\n", json_string_value(json_array_get(wrong, i)));
    assert_int_equal(json_array_size(wrong), 0);
    json_decref(wrong);
}

static void collect_labels(const json_t *vector, json_t *labels)
{
    size_t at;
    json_t *step;
    json_array_foreach(json_object_get(vector, "steps"), at, step)(void)
        json_object_update(labels, json_object_get(step, "counts"));
}

static void test_the_vectors_show_every_drop(void **state)
{
    (void)state;
    json_t *labels = json_object();
    (void)visit_all(collect_labels, labels);
    for (unsigned drop = DROP_NONE + 1; drop < DROP_COUNT; drop++)
        if (json_object_get(labels, drop_name((enum drop)drop)) == NULL)
            fail_msg("no vector shows %s", drop_name((enum drop)drop));
    assert_int_equal(json_object_size(labels), DROP_COUNT - 1);
    json_decref(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_vector_is_judged_as_it_says),
        cmocka_unit_test(test_the_vectors_show_every_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
