// SPDX-License-Identifier: MIT
/* Keys, against numbers that another implementation computed, and what they are good for
 * [SPEC K1] to [SPEC K7]. */
#include "wire/keyring.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

static const uint8_t no_seed[KEY_BYTES] = {0};

static void from_hex(const char *hex, uint8_t *ret, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    assert_int_equal(strlen(hex), 2 * length);
    for (size_t i = 0; i < length; i++) {
        const char *high = strchr(digits, hex[2 * i]);
        const char *low = strchr(digits, hex[2 * i + 1]);
        assert_true(high != NULL && low != NULL);
        ret[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
    uint8_t expected[SIGNATURE_BYTES];
    size_t length = strlen(hex) / 2;
    assert_true(length <= sizeof(expected));
    from_hex(hex, expected, length);
    assert_memory_equal(bytes, expected, length);
}

/* 00 01 02 ... 1f, and two more. */
static void fill_keys(uint8_t keys[3][KEY_BYTES])
{
    for (unsigned i = 0; i < KEY_BYTES; i++)
        keys[0][i] = (uint8_t)i;
    memset(keys[1], 1, KEY_BYTES);
    memset(keys[2], 2, KEY_BYTES);
}

static struct keyring_config config_of(uint8_t self, const uint8_t (*keys)[KEY_BYTES],
                                       uint8_t key_count)
{
    struct keyring_config config = {
        .cluster = "swarm",
        .self = self,
        .node_count = 3,
        .key_count = key_count,
        .keys = keys,
        .nodes = {{.name = "swarm-1"}, {.name = "swarm-2"}, {.name = "swarm-3"}},
    };
    return config;
}

static void init(struct keyring *keyring, uint8_t self, const uint8_t (*keys)[KEY_BYTES],
                 uint8_t key_count)
{
    const struct keyring_config config = config_of(self, keys, key_count);
    assert_int_equal(keyring_init(keyring, &config), 0);
}

static struct keyring_message message_of(enum keyring_purpose purpose)
{
    return (struct keyring_message){purpose, {(const uint8_t *)"a record", 8}};
}

static void parts_of(struct keyring_span parts[2])
{
    parts[0] = (struct keyring_span){(const uint8_t *)"a header", 8};
    parts[1] = (struct keyring_span){(const uint8_t *)"and items", 9};
}

static void test_an_id_is_the_beginning_of_the_hash_of_the_name(void **state)
{
    (void)state;
    assert_int_equal(keyring_id("swarm"), 0xd13f0a21);
    assert_int_equal(keyring_id("swarm-1"), 0xd1462cc0);
    assert_int_equal(keyring_id("ingress"), 0xae032b8b);
    assert_int_equal(keyring_id("192.168.4.1"), 0xe7b36fcd);
}

static void test_keys_derived_from_the_cluster_key_are_the_known_ones(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring keyring;
    fill_keys(keys);
    init(&keyring, 0, (const uint8_t(*)[KEY_BYTES])keys, 2);
    assert_int_equal(keyring.key_id[0], 0x8f);
    assert_int_equal(keyring.key_id[1], 0x56);
    assert_int_equal(keyring.cluster, 0xd13f0a21);
    assert_int_equal(keyring.node_id[1], 0xe116c9cb);
    /* The secret key begins with the seed. */
    assert_hex(keyring.secret[0],
               "f0f45109069070b0b6d22363e25b0072e9f75d020f9614a0d66129c390f8721b");
    assert_hex(keyring.public[0][0],
               "da67c49cb488c0c29a5d24259441bb053aa0cb03d74727f43202cf1dc829a1af");
    assert_hex(keyring.public[0][1],
               "6540a49d399581911dba9b7a65b256a4c909a31cf1e0ed13299b985ca79ede01");
    assert_hex(keyring.pair[0][1],
               "3a4cf11a4dfe8489e03587d0567c7a22bdceca57906a9840edb0270a13e28095");
}

static void test_signatures_and_macs_are_the_known_ones(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring keyring;
    struct keyring_signature signature;
    struct keyring_span parts[2];
    struct keyring_mac mac;
    fill_keys(keys);
    init(&keyring, 0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    keyring_sign(&keyring, &record, &signature);
    assert_int_equal(signature.key_id, 0x8f);
    assert_hex(signature.bytes, "0b6b562b562bed084d3f522fa2ecca49ef6c90ea925935a416671bc929a2f598"
                                "9498c30b34616222662aa44f6664a8d0317f1ab4a6ab6d339804004087db0d01");
    const struct keyring_message echo = message_of(KEYRING_ECHO);
    keyring_sign(&keyring, &echo, &signature);
    assert_hex(signature.bytes, "cc3afee83383035836e349b2db5a929bc338774175c00b269099b16a89645f87"
                                "76e45448765b6fcd0269ae6888017a6d8b761f1985c9840d823a6767998f4e0f");
    parts_of(parts);
    keyring_mac(&keyring, 1, parts, &mac);
    assert_int_equal(mac.key_id, 0x8f);
    assert_hex(mac.bytes, "b3faddd34c0af78d67c95957b27bd8c3");
}

static void test_the_public_key_of_a_seed_is_that_of_rfc_8032(void **state)
{
    (void)state;
    uint8_t seed[KEY_BYTES];
    uint8_t public[KEY_BYTES];
    from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed, KEY_BYTES);
    keyring_public_of_seed(seed, public);
    assert_hex(public, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
}

static void test_both_ends_of_a_pair_have_its_key_and_no_third_has(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring rings[3];
    fill_keys(keys);
    for (uint8_t n = 0; n < 3; n++)
        init(&rings[n], n, (const uint8_t(*)[KEY_BYTES])keys, 1);
    assert_memory_equal(rings[0].pair[0][1], rings[1].pair[0][0], KEY_BYTES);
    assert_memory_equal(rings[1].pair[0][2], rings[2].pair[0][1], KEY_BYTES);
    assert_memory_not_equal(rings[0].pair[0][1], rings[0].pair[0][2], KEY_BYTES);
    assert_memory_not_equal(rings[0].pair[0][1], rings[2].pair[0][1], KEY_BYTES);
}

static void test_another_cluster_name_gives_other_keys(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring a;
    struct keyring b;
    fill_keys(keys);
    init(&a, 0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    struct keyring_config config = config_of(0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    /* The name is longer and the node's is shorter: their lengths keep them apart. */
    config.cluster = "swarms";
    config.nodes[0].name = "warm-1";
    assert_int_equal(keyring_init(&b, &config), 0);
    assert_memory_not_equal(a.public[0][0], b.public[0][0], KEY_BYTES);
    assert_memory_not_equal(a.public[0][1], b.public[0][1], KEY_BYTES);
}

static void test_a_signature_is_good_for_its_node_its_purpose_and_its_bytes_only(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring signer;
    struct keyring reader;
    struct keyring_signature signature;
    fill_keys(keys);
    init(&signer, 0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    init(&reader, 1, (const uint8_t(*)[KEY_BYTES])keys, 1);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    const struct keyring_message echo = message_of(KEYRING_ECHO);
    const struct keyring_message shorter = {KEYRING_RECORD, {record.span.bytes, 7}};
    keyring_sign(&signer, &record, &signature);
    assert_true(keyring_verify(&reader, 0, &record, &signature));
    assert_false(keyring_verify(&reader, 2, &record, &signature));
    assert_false(keyring_verify(&reader, 0, &echo, &signature));
    assert_false(keyring_verify(&reader, 0, &shorter, &signature));
    reader.cluster ^= 1;
    assert_false(keyring_verify(&reader, 0, &record, &signature));
}

static void test_the_second_key_is_accepted_and_not_used(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring old;
    struct keyring both;
    struct keyring other;
    struct keyring_signature signature;
    struct keyring_span parts[2];
    struct keyring_mac mac;
    fill_keys(keys);
    init(&old, 0, (const uint8_t(*)[KEY_BYTES]) & keys[1], 1);
    init(&both, 1, (const uint8_t(*)[KEY_BYTES])keys, 2);
    init(&other, 1, (const uint8_t(*)[KEY_BYTES]) & keys[2], 1);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    parts_of(parts);

    keyring_sign(&old, &record, &signature);
    keyring_mac(&old, 1, parts, &mac);
    assert_true(keyring_verify(&both, 0, &record, &signature));
    assert_true(keyring_mac_is_good(&both, 0, parts, &mac));
    assert_false(keyring_verify(&other, 0, &record, &signature));
    assert_false(keyring_mac_is_good(&other, 0, parts, &mac));

    keyring_sign(&both, &record, &signature);
    assert_int_equal(signature.key_id, both.key_id[0]);
    assert_false(keyring_verify(&old, 1, &record, &signature));
}

/* [SPEC K5] Key id 0 says that no cluster key is behind it. */
static void test_a_cluster_key_whose_hash_begins_with_0_has_key_id_1(void **state)
{
    (void)state;
    const uint8_t keys[1][KEY_BYTES] = {{[1] = 0x4d}};
    struct keyring keyring;
    init(&keyring, 0, keys, 1);
    assert_int_equal(keyring.key_id[0], 1);
    assert_int_equal(keyring_mac_key_id(&keyring, 1), 1);
}

static void test_two_keys_whose_ids_collide_are_both_tried(void **state)
{
    (void)state;
    /* The id of 00 ... 00 3c is that of 01 01 ... 01. */
    uint8_t keys[2][KEY_BYTES] = {{[KEY_BYTES - 1] = 60}};
    struct keyring sender;
    struct keyring receiver;
    struct keyring_signature signature;
    struct keyring_span parts[2];
    struct keyring_mac mac;
    memset(keys[1], 1, KEY_BYTES);
    init(&receiver, 1, (const uint8_t(*)[KEY_BYTES])keys, 2);
    assert_int_equal(receiver.key_id[0], receiver.key_id[1]);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    parts_of(parts);
    for (unsigned g = 0; g < 2; g++) {
        init(&sender, 0, (const uint8_t(*)[KEY_BYTES]) & keys[g], 1);
        keyring_sign(&sender, &record, &signature);
        keyring_mac(&sender, 1, parts, &mac);
        assert_true(keyring_verify(&receiver, 0, &record, &signature));
        assert_true(keyring_mac_is_good(&receiver, 0, parts, &mac));
    }
}

static void test_every_bit_of_a_mac_and_of_what_it_covers_counts(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring a;
    struct keyring b;
    struct keyring_mac mac;
    uint8_t bytes[20] = "header and the items";
    const struct keyring_span parts[2] = {{bytes, 7}, {bytes + 7, 13}};
    fill_keys(keys);
    init(&a, 0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    init(&b, 1, (const uint8_t(*)[KEY_BYTES])keys, 1);
    keyring_mac(&a, 1, parts, &mac);
    assert_true(keyring_mac_is_good(&b, 0, parts, &mac));
    for (unsigned bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1U << bit % 8);
        assert_false(keyring_mac_is_good(&b, 0, parts, &mac));
        bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1U << bit % 8);
    }
    for (unsigned bit = 0; bit < 8 * MAC_BYTES; bit++) {
        struct keyring_mac flipped = mac;
        flipped.bytes[bit / 8] = (uint8_t)(flipped.bytes[bit / 8] ^ 1U << bit % 8);
        assert_false(keyring_mac_is_good(&b, 0, parts, &flipped));
    }
    assert_true(keyring_mac_is_good(&b, 0, parts, &mac));
}

/* All three nodes with keys of their own; the seed of node n is all n + 10. */
static struct keyring_config own_keys_config(uint8_t self, const uint8_t (*keys)[KEY_BYTES])
{
    struct keyring_config config = config_of(self, keys, 1);
    for (uint8_t n = 0; n < 3; n++) {
        uint8_t seed[KEY_BYTES];
        memset(seed, n + 10, sizeof(seed));
        config.nodes[n].has_public_key = true;
        keyring_public_of_seed(seed, config.nodes[n].public_key);
    }
    config.has_node_key = true;
    memset(config.node_key, self + 10, KEY_BYTES);
    return config;
}

static void test_with_keys_of_their_own_nodes_need_no_common_secret(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring a;
    struct keyring b;
    struct keyring_signature signature;
    struct keyring_span parts[2];
    struct keyring_mac mac;
    fill_keys(keys);
    const struct keyring_config config_a = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
    const struct keyring_config config_b =
        own_keys_config(1, (const uint8_t(*)[KEY_BYTES]) & keys[1]);
    assert_int_equal(keyring_init(&a, &config_a), 0);
    assert_int_equal(keyring_init(&b, &config_b), 0);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    parts_of(parts);
    keyring_sign(&a, &record, &signature);
    keyring_mac(&a, 1, parts, &mac);
    assert_int_equal(signature.key_id, KEY_ID_OWN);
    assert_int_equal(mac.key_id, KEY_ID_OWN);
    assert_true(keyring_verify(&b, 0, &record, &signature));
    assert_true(keyring_mac_is_good(&b, 0, parts, &mac));
}

static void test_sec_whoever_has_the_cluster_key_cannot_speak_for_a_node_with_its_own(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring thief;
    struct keyring reader;
    struct keyring_signature signature;
    struct keyring_span parts[2];
    struct keyring_mac mac;
    fill_keys(keys);
    /* The thief derives the key of node 0; the reader expects node 0's own one. */
    struct keyring_config config = own_keys_config(1, (const uint8_t(*)[KEY_BYTES])keys);
    init(&thief, 0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    assert_int_equal(keyring_init(&reader, &config), 0);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    parts_of(parts);
    keyring_sign(&thief, &record, &signature);
    keyring_mac(&thief, 1, parts, &mac);
    for (unsigned id = 0; id < 256; id++) {
        signature.key_id = (uint8_t)id;
        mac.key_id = (uint8_t)id;
        assert_false(keyring_verify(&reader, 0, &record, &signature));
        assert_false(keyring_mac_is_good(&reader, 0, parts, &mac));
    }
}

static void test_a_node_with_its_own_key_and_one_without_understand_each_other(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring a;
    struct keyring b;
    struct keyring_signature signature;
    struct keyring_span parts[2];
    struct keyring_mac mac;
    fill_keys(keys);
    struct keyring_config config_a = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
    config_a.nodes[1].has_public_key = false;
    struct keyring_config config_b = config_a;
    config_b.self = 1;
    config_b.has_node_key = false;
    assert_int_equal(keyring_init(&a, &config_a), 0);
    assert_int_equal(keyring_init(&b, &config_b), 0);
    const struct keyring_message record = message_of(KEYRING_RECORD);
    parts_of(parts);
    keyring_sign(&a, &record, &signature);
    keyring_mac(&a, 1, parts, &mac);
    assert_int_equal(signature.key_id, KEY_ID_OWN);
    assert_int_equal(mac.key_id, 0x8f);
    assert_true(keyring_verify(&b, 0, &record, &signature));
    assert_true(keyring_mac_is_good(&b, 0, parts, &mac));
}

static void test_sec_public_keys_that_are_no_keys_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        /* order 4, 1, 2, 8 and 8; no canonical numbers (p, p + 3); on no point of the curve */
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    uint8_t keys[3][KEY_BYTES];
    fill_keys(keys);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        static const struct keyring wiped;
        struct keyring keyring;
        struct keyring_config config = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
        from_hex(bad[i], config.nodes[2].public_key, KEY_BYTES);
        if (keyring_init(&keyring, &config) != -1)
            fail_msg("%s was accepted", bad[i]);
        assert_memory_equal(&keyring, &wiped, sizeof(keyring));
    }
}

static void test_a_node_key_that_is_not_the_configured_one_is_refused(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring keyring;
    fill_keys(keys);
    struct keyring_config config = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
    config.node_key[5] ^= 1;
    assert_int_equal(keyring_init(&keyring, &config), -1);
}

static void test_a_node_key_and_a_public_key_come_together_or_not_at_all(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    static const struct keyring wiped;
    struct keyring keyring;
    fill_keys(keys);
    struct keyring_config config = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
    config.has_node_key = false;
    assert_int_equal(keyring_init(&keyring, &config), -1);
    config = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
    config.nodes[0].has_public_key = false;
    assert_int_equal(keyring_init(&keyring, &config), -1);
    assert_memory_equal(&keyring, &wiped, sizeof(keyring));
}

static void test_two_nodes_with_one_public_key_are_refused(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring keyring;
    fill_keys(keys);
    struct keyring_config config = own_keys_config(0, (const uint8_t(*)[KEY_BYTES])keys);
    memcpy(config.nodes[2].public_key, config.nodes[1].public_key, KEY_BYTES);
    assert_int_equal(keyring_init(&keyring, &config), -1);
}

static void test_a_wiped_keyring_holds_no_secret(void **state)
{
    (void)state;
    uint8_t keys[3][KEY_BYTES];
    struct keyring keyring;
    fill_keys(keys);
    init(&keyring, 0, (const uint8_t(*)[KEY_BYTES])keys, 1);
    assert_memory_not_equal(keyring.secret[0], no_seed, KEY_BYTES);
    keyring_wipe(&keyring);
    assert_memory_equal(keyring.secret[0], no_seed, KEY_BYTES);
    assert_memory_equal(keyring.pair[0][1], no_seed, KEY_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_is_the_beginning_of_the_hash_of_the_name),
        cmocka_unit_test(test_keys_derived_from_the_cluster_key_are_the_known_ones),
        cmocka_unit_test(test_signatures_and_macs_are_the_known_ones),
        cmocka_unit_test(test_the_public_key_of_a_seed_is_that_of_rfc_8032),
        cmocka_unit_test(test_both_ends_of_a_pair_have_its_key_and_no_third_has),
        cmocka_unit_test(test_another_cluster_name_gives_other_keys),
        cmocka_unit_test(test_a_signature_is_good_for_its_node_its_purpose_and_its_bytes_only),
        cmocka_unit_test(test_the_second_key_is_accepted_and_not_used),
        cmocka_unit_test(test_a_cluster_key_whose_hash_begins_with_0_has_key_id_1),
        cmocka_unit_test(test_two_keys_whose_ids_collide_are_both_tried),
        cmocka_unit_test(test_every_bit_of_a_mac_and_of_what_it_covers_counts),
        cmocka_unit_test(test_with_keys_of_their_own_nodes_need_no_common_secret),
        cmocka_unit_test(test_sec_whoever_has_the_cluster_key_cannot_speak_for_a_node_with_its_own),
        cmocka_unit_test(test_a_node_with_its_own_key_and_one_without_understand_each_other),
        cmocka_unit_test(test_sec_public_keys_that_are_no_keys_are_refused),
        cmocka_unit_test(test_a_node_key_that_is_not_the_configured_one_is_refused),
        cmocka_unit_test(test_a_node_key_and_a_public_key_come_together_or_not_at_all),
        cmocka_unit_test(test_two_nodes_with_one_public_key_are_refused),
        cmocka_unit_test(test_a_wiped_keyring_holds_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
