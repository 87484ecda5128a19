// SPDX-License-Identifier: MIT
/*
 * input: the bytes of a fuzzer, taken one after the other. Past their end everything is zero, so
 * that a cut input means the same as its beginning.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What a fuzzer proves. On in every build; says what broke, and stops. */
#define MUST(condition) ((condition) ? (void)0 : input_broken(#condition, __FILE__, __LINE__))

static inline _Noreturn void input_broken(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: broken: %s\n", file, line, condition);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct input {
    const uint8_t *bytes;
    size_t left;
};

static inline uint8_t input_u8(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->bytes++;
}

/* `width` bytes, the most significant first. */
static inline uint64_t input_number(struct input *input, unsigned width)
{
    uint64_t number = 0;
    while (width-- > 0)
        number = number << 8 | input_u8(input);
    return number;
}

static inline uint8_t input_below(struct input *input, unsigned bound)
{
    return (uint8_t)(input_u8(input) % bound);
}

static inline bool input_bool(struct input *input)
{
    return (input_u8(input) & 1U) != 0;
}

/* The next `length` bytes, or what is left of them. */
static inline struct input input_take(struct input *input, size_t length)
{
    struct input part = {input->bytes, length < input->left ? length : input->left};
    input->bytes += part.left;
    input->left -= part.left;
    return part;
}

/* A copy in memory of its own, exactly as long, so that the sanitizers see a byte too far. Free it
 * with free(). */
static inline uint8_t *input_copy(const struct input *input)
{
    uint8_t *copy = malloc(input->left > 0 ? input->left : 1);
    MUST(copy != NULL);
    for (size_t i = 0; i < input->left; i++)
        copy[i] = input->bytes[i];
    return copy;
}

#endif
