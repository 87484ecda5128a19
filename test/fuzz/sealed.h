// SPDX-License-Identifier: MIT
/* What the fuzzer of sealed datagrams and its mutator share: how an input is built. */
#ifndef FUZZ_SEALED_H
#define FUZZ_SEALED_H

#define SEALED_NODES 4
#define SEALED_SELF  1
/* As in the golden vectors. */
#define SEALED_INCARNATION(node) (UINT64_C(0x1111111111111111) * ((node) + 1U))

/* Two bytes before each datagram, then two bytes of its length. */
enum how {
    HOW_SENDER = 3U,            /* which of the three peers */
    HOW_RESTARTED = 1U << 2,    /* the peer has another incarnation from now on */
    HOW_SIGNED = 1U << 3,       /* the records in it are signed by their authors */
    HOW_PROVED = 1U << 4,       /* begins with the proof that the node waits for */
    HOW_INTRODUCED = 1U << 5,   /* then a record of the sender */
    HOW_LATER = 1U << 6,        /* time passes first */
    HOW_COUNTER_BACK = 1U << 7, /* the counter is one that was used */
    HOW_COUNTER_FAR = 1U << 8,  /* or one of the future */
    HOW_SPAN_SHIFT = 9,         /* three bits: how much time passes */
};

#endif
