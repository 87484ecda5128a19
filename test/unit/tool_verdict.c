// SPDX-License-Identifier: MIT
#include "tool/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PROBLEMS_MAX 4

/* Facts as this node, "a", tells them: JSON with ' for ". A problem is a beginning of a sentence
 * and its end; every other problem fails the case. */
struct verdict_case {
    const char *name;
    const char *vips;
    const char *nodes;
    enum verdict_status status;
    const char *problems[PROBLEMS_MAX];
};

#define HELD      "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,'tier':0}"
#define SELF_NODE "{'name':'a','self':true,'state':'alive'}"
#define ALIVE                                                                                     \
    "{'name':'b','self':false,'state':'alive','last_heard_ms':9,'path':'direct','hears_me':true," \
    "'config':'same','mac_failures':0}"
#define NODES SELF_NODE "," ALIVE

static const struct verdict_case cases[] = {
    {"all is well", HELD, NODES, VERDICT_OK, {NULL}},
    {"nothing is known", "{}", "{}", VERDICT_OK, {NULL}},
    {"a VIP that one standby reaches, and another does not",
     "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,'tier':0,'verified_by':['c'],"
     "'unverified_by':['a']}",
     NODES,
     VERDICT_OK,
     {NULL}},
    {"a VIP that nobody reaches",
     "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,'tier':0,'verified_by':[],"
     "'unverified_by':['a','c']}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is held by b and reached by nobody: a and c asked on the wire who has it and got no "
      "answer from there. Allow the address on the port of every node (OpenStack: "
      "allowed-address-pairs; AWS, GCP: source/destination check; a switch or hypervisor: port "
      "security, MAC and ARP filters), and run 'vipgossip doctor' on b"}},
    {"the only standby that reaches it restarts",
     "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,'tier':0,'verified_by':[],"
     "'unverified_by':['a'],'verified_ms':14999}",
     NODES,
     VERDICT_OK,
     {NULL}},
    {"what was asked of a former holder says nothing while there is none",
     "{'name':'v','holder':null,'holders':[],'since_ms':2000,'next':null,'verified_by':[],"
     "'unverified_by':['a']}",
     NODES,
     VERDICT_OK,
     {NULL}},
    {"a fresh vacancy is a change of hands",
     "{'name':'v','holder':null,'holders':[],'since_ms':2000,'next':null}",
     NODES,
     VERDICT_OK,
     {NULL}},
    {"a vacancy that lasts, with nobody to take it",
     "{'name':'v','holder':null,'holders':[],'since_ms':2001,'next':null}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v has had no holder for 2.0 s and no node can take it: start vipgossipd on one of its "
      "candidates"}},
    {"a vacancy that lasts, with a node that should take it",
     "{'name':'v','holder':null,'holders':[],'since_ms':125000,'next':'b'}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v has had no holder for 2 m 5 s, though b should take it: read the log of vipgossipd on "
      "b"}},
    {"no majority in mode quorum",
     "{'name':'v','holder':null,'holders':[],'since_ms':125000,'next':null,'sees_majority':false,"
     "'votes':{'needed':3}}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v: a and 3 voters, itself included, do not hear each other, so it can neither hold it "
      "nor "
      "take it: mend the network between them, or start vipgossipd on those that are dead"}},
    {"a majority in mode quorum",
     "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,'tier':0,'sees_majority':true}",
     NODES,
     VERDICT_OK,
     {NULL}},
    {"two holders",
     "{'name':'v','holder':'a','holders':['a','b'],'since_ms':9}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is held by a and b at once: they do not hear each other, mend the network or the "
      "firewall between them"}},
    {"five holders",
     "{'name':'v','holder':'a','holders':['a','b','c','d','e'],'since_ms':9}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is held by a, b, c and 2 more at once: they do not hear each other, mend the network "
      "or the firewall between them"}},
    {"somebody answers and no peer is heard: the vacancy behind it is not named too",
     "{'name':'v','holder':null,'since_ms':99999,'answered_by':'02:00:00:00:00:01'}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is answered for by 02:00:00:00:00:01 while a hears none of its peers, so a does not "
      "claim it: make key_file the same on all nodes and let UDP through between them"}},
    {"a host outside the cluster uses it too",
     "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,"
     "'conflict':{'mac':'02:00:00:00:00:01','count':3,'last_ms':12000}}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is used by a host outside the cluster too, 02:00:00:00:00:01, last seen 12 s ago; the "
      "holder defends it: find it by that MAC address (the switch knows its port) and take the "
      "address away from it"}},
    {"a node that is not heard uses it too",
     "{'name':'v','holder':'a','holders':['a'],'since_ms':99999,"
     "'conflict':{'mac':'02:00:00:00:00:01','node':'b','count':3,'last_ms':12000}}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is used by node b too, which is not heard by a, 02:00:00:00:00:01, last seen 12 s "
      "ago: "
      "look on b whether a firewall drops UDP between the nodes, or whether its daemon ended and "
      "left the address behind (ip address)"}},
    {"a host outside the cluster keeps it from being claimed",
     "{'name':'v','state':'fault','holder':null,'faults':['a'],'since_ms':5,"
     "'reason':'another host answers for the address',"
     "'conflict':{'mac':'02:00:00:00:00:01','count':1,'last_ms':0}}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is used by a host outside the cluster too, 02:00:00:00:00:01, last seen 0 ms ago; "
      "nobody claims it before that host is gone: find it by that MAC address (the switch knows "
      "its port) and take the address away from it",
      "VIP v is in fault on a (another host answers for the address), held by nobody: mend that, "
      "vipgossipd then tries again by itself"}},
    {"a host outside the cluster uses what nobody holds for another reason",
     "{'name':'v','state':'standby','holder':null,'since_ms':5,'reason':'its holder died',"
     "'conflict':{'mac':'02:00:00:00:00:01','count':1,'last_ms':0}}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is used by a host outside the cluster too, 02:00:00:00:00:01, last seen 0 ms ago; "
      "nobody else holds it: find it by that MAC address (the switch knows its port) and take the "
      "address away from it"}},
    {"no carrier, and another one holds it",
     "{'name':'v','holder':'b','holders':['b'],'since_ms':99999,'tier':0,'interface':'eth0',"
     "'link':'no carrier'}",
     NODES,
     VERDICT_WARNING,
     {"VIP v cannot be held on a, held by b, because interface eth0 has no carrier: look at its "
      "cable and at the port of the switch"}},
    {"the interface is down, and nobody holds it: the vacancy behind it is not named too",
     "{'name':'v','holder':null,'since_ms':99999,'interface':'eth0','link':'down'}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v cannot be held on a, held by nobody, because interface eth0 is down: type 'ip link "
      "set eth0 up', or look for who set it down"}},
    {"the interface is missing",
     "{'name':'v','holder':'b','since_ms':9,'tier':0,'interface':'eth0','link':'missing'}",
     NODES,
     VERDICT_WARNING,
     {"VIP v cannot be held on a, held by b, because there is no interface eth0: bring it back, or "
      "correct interface in the vip section and call 'vipgossip reload'"}},
    {"the interface is a port of a bridge",
     "{'name':'v','holder':'b','since_ms':9,'tier':0,'interface':'eth0','link':'port',"
     "'port_of':'br0'}",
     NODES,
     VERDICT_WARNING,
     {"VIP v cannot be held on a, held by b, because interface eth0 is a port of br0, where nobody "
      "reaches an address: give br0 the host's address of that network, which the VIP follows, or "
      "set interface = \"br0\" in the vip section and call 'vipgossip reload'"}},
    {"the interface is up, and a witness has none",
     "{'name':'v','holder':'b','since_ms':9,'tier':0,'interface':'eth0','link':'up'},"
     "{'name':'w','holder':'b','since_ms':9,'tier':0,'interface':null,'link':'missing'}",
     NODES,
     VERDICT_OK,
     {NULL}},
    {"in fault here and held by nobody: the vacancy behind it is not named too",
     "{'name':'v','state':'fault','holder':null,'faults':['a'],'since_ms':99999,"
     "'error':'Operation not permitted','reason':'x'}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is in fault on a (Operation not permitted), held by nobody: mend that, vipgossipd "
      "then tries again by itself"}},
    {"in fault here and held by another",
     "{'name':'v','state':'fault','holder':'b','faults':['a'],'since_ms':99999,'error':null,"
     "'reason':'the address is there, but another program added it'}",
     NODES,
     VERDICT_WARNING,
     {"VIP v is in fault on a (the address is there, but another program added it), held by b: "
      "mend that, vipgossipd then tries again by itself"}},
    {"in fault on another node and held by nobody",
     "{'name':'v','holder':null,'faults':['b'],'since_ms':5}",
     NODES,
     VERDICT_CRITICAL,
     {"VIP v is in fault on b, held by nobody: run 'vipgossip status' on b and mend what it "
      "names"}},
    {"in fault on another node and held",
     "{'name':'v','state':'holding','holder':'a','faults':['b'],'since_ms':5}",
     NODES,
     VERDICT_WARNING,
     {"VIP v is in fault on b, held by a: run 'vipgossip status' on b and mend what it names"}},
    {"held from the tier of the unhealthy",
     "{'name':'v','holder':'b','tier':1}",
     NODES,
     VERDICT_WARNING,
     {"VIP v is held by b although it is unhealthy, because no healthy candidate lives: mend b or "
      "start another candidate"}},
    {"held from the tier of the drained",
     "{'name':'v','holder':'b','tier':2}",
     NODES,
     VERDICT_WARNING,
     {"VIP v is held by b although it is drained, because no other candidate lives: start another "
      "candidate"}},
    {"a dead node",
     HELD,
     SELF_NODE ",{'name':'c','state':'dead','last_heard_ms':190000,'config':'differs'}",
     VERDICT_WARNING,
     {"node c is dead, last heard 3 m 10 s ago: start vipgossipd there, or take the node out of "
      "the configuration"}},
    {"a node that ended without being stopped",
     HELD,
     SELF_NODE ",{'name':'c','state':'left','crashed':true,'last_heard_ms':4000}",
     VERDICT_WARNING,
     {"node c ended 4.0 s ago without being stopped: look at the log of vipgossipd there, and "
      "start "
      "it again"}},
    {"a dead node in whose name somebody speaks with a wrong key",
     HELD,
     SELF_NODE ",{'name':'c','state':'dead','last_heard_ms':190000,'mac_failures':4}",
     VERDICT_WARNING,
     {"node c is dead, and 4 datagrams in its name had a wrong MAC: if the key there is another "
      "one, copy key_file from a to it"}},
    {"a node never heard, with a wrong key",
     HELD,
     SELF_NODE ",{'name':'c','state':'unknown','last_heard_ms':null,'mac_failures':9}",
     VERDICT_WARNING,
     {"node c is not heard, and 9 datagrams in its name had a wrong MAC: if the key there is "
      "another one, copy key_file from a to it"}},
    {"a node never heard",
     HELD,
     SELF_NODE ",{'name':'c','state':'unknown','last_heard_ms':null,'mac_failures':0}",
     VERDICT_WARNING,
     {"node c has not been heard since vipgossipd started on a: start vipgossipd there, or mend "
      "its address in the configuration or the firewall for UDP"}},
    {"a wrong MAC in the name of a live node is noise",
     HELD,
     SELF_NODE ",{'name':'c','state':'alive','mac_failures':9}",
     VERDICT_OK,
     {NULL}},
    {"a suspect node",
     HELD,
     SELF_NODE ",{'name':'c','state':'suspect','last_heard_ms':290}",
     VERDICT_WARNING,
     {"node c is suspect, last heard 290 ms ago: if it stays so, look at its load and at the "
      "network to it"}},
    {"a node that was stopped in order",
     HELD,
     SELF_NODE ",{'name':'c','state':'left','config':'differs','path':'none','mac_failures':3}",
     VERDICT_OK,
     {NULL}},
    {"a drained node", HELD, "{'name':'b','state':'alive','drained':true}", VERDICT_OK, {NULL}},
    {"another configuration",
     HELD,
     SELF_NODE ",{'name':'c','state':'alive','config':'differs'}",
     VERDICT_WARNING,
     {"the configuration of node c differs from that of a: make the file the same on all nodes "
      "and call 'vipgossip reload' where it changed"}},
    {"heard through another only: that it does not hear this node either is not named too",
     HELD,
     SELF_NODE ",{'name':'c','state':'alive','path':'relayed via b','hears_me':false}",
     VERDICT_WARNING,
     {"node c is heard by a only through b: mend the network or the firewall between c and a"}},
    {"a cut in one direction",
     HELD,
     SELF_NODE ",{'name':'c','state':'alive','path':'direct','hears_me':false}",
     VERDICT_WARNING,
     {"node c does not hear a directly: mend the network or the firewall between a and c"}},
    {"this node itself is not judged as a peer",
     HELD,
     "{'name':'a','self':true,'state':'dead','config':'differs','hears_me':false}",
     VERDICT_OK,
     {NULL}},
    {"the worst comes first, and decides",
     HELD ",{'name':'w','holder':null,'since_ms':9999,'next':null}",
     SELF_NODE ",{'name':'c','state':'suspect','last_heard_ms':290}",
     VERDICT_CRITICAL,
     {"VIP w has had no holder for 9.9 s and no node can take it: start vipgossipd on one of its "
      "candidates",
      "node c is suspect, last heard 290 ms ago: if it stays so, look at its load and at the "
      "network to it"}},
};

/* The JSON in `text`, which has ' for ". */
static json_t *parse(const char *text)
{
    json_error_t error;
    char *copy = strdup(text);
    json_t *json;

    assert_non_null(copy);
    for (char *p = copy; *p != '\0'; p++) {
        if (*p == '\'')
            *p = '"';
    }
    json = json_loads(copy, 0, &error);
    if (json == NULL)
        fail_msg("%s in %s", error.text, copy);
    free(copy);
    return json;
}

static json_t *facts_of(const struct verdict_case *item, bool starting)
{
    char text[2048];

    assert_in_range(snprintf(text, sizeof(text),
                             "{'node':'a','interval_ms':200,'starting':%s,'vips':[%s],'nodes':[%s],"
                             "'checks':[]}",
                             starting ? "true" : "false", item->vips, item->nodes),
                    1, sizeof(text) - 1);
    return parse(text);
}

static void assert_problems(const struct verdict_case *item, const json_t *problems)
{
    size_t expected = 0;

    while (expected < PROBLEMS_MAX && item->problems[expected] != NULL)
        expected++;
    for (size_t i = 0; i < json_array_size(problems); i++) {
        const char *sentence = json_string_value(json_array_get(problems, i));
        if (i >= expected)
            fail_msg("%s: unexpected: %s", item->name, sentence);
        /* Case by case it is the same line; the name says which one it was. */
        if (strcmp(sentence, item->problems[i]) != 0)
            fail_msg("%s:\n%s\nis not\n%s", item->name, sentence, item->problems[i]);
    }
    if (json_array_size(problems) != expected)
        fail_msg("%s: %zu problems, not %zu", item->name, json_array_size(problems), expected);
}

static void test_each_fact_has_its_verdict_and_its_sentence(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *facts = facts_of(&cases[i], false);
        struct verdict verdict;
        verdict_judge(facts, &verdict);
        verdict_write(&verdict, facts);
        assert_problems(&cases[i], json_object_get(facts, "problems"));
        if (verdict.status != cases[i].status)
            fail_msg("%s: %s", cases[i].name, verdict_status_name(verdict.status));
        assert_string_equal(json_string_value(json_object_get(facts, "status")),
                            verdict_status_name(cases[i].status));
        verdict_deinit(&verdict);
        json_decref(facts);
    }
}

static void test_every_sentence_says_what_to_do_after_a_colon(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t p = 0; p < PROBLEMS_MAX && cases[i].problems[p] != NULL; p++) {
            const char *colon = strstr(cases[i].problems[p], ": ");
            assert_non_null(colon);
            assert_true(strlen(colon) > 10);
        }
    }
}

static void test_a_starting_node_does_not_complain_of_peers_it_has_not_heard_yet(void **state)
{
    static const struct verdict_case item = {
        "starting",
        "{'name':'v','holder':null,'since_ms':150,'next':null}",
        SELF_NODE ",{'name':'c','state':'unknown','mac_failures':0}"
                  ",{'name':'d','state':'alive','path':'direct','hears_me':false}",
        VERDICT_OK,
        {NULL}};
    json_t *facts = facts_of(&item, true);
    struct verdict verdict;
    (void)state;

    verdict_judge(facts, &verdict);
    assert_int_equal(verdict.status, VERDICT_OK);
    assert_int_equal(json_array_size(verdict.warnings), 0);
    verdict_deinit(&verdict);
    json_decref(facts);
}

static void test_a_node_that_can_send_to_nobody_does_not_complain_of_the_others(void **state)
{
    json_t *facts = parse("{'node':'a','mute':true,'vips':[" HELD "],'nodes':[" SELF_NODE
                          ",{'name':'c','state':'dead','last_heard_ms':9000},"
                          "{'name':'d','state':'suspect','last_heard_ms':300}]}");
    struct verdict verdict;
    (void)state;

    verdict_judge(facts, &verdict);
    assert_int_equal(verdict.status, VERDICT_WARNING);
    assert_int_equal(json_array_size(verdict.warnings), 1);
    assert_string_equal(json_string_value(json_array_get(verdict.warnings, 0)),
                        "a can send no heartbeat to any node: see to it that its address is on "
                        "this host, its interface up, and UDP not blocked by a firewall");
    verdict_deinit(&verdict);
    json_decref(facts);
}

static void test_a_failing_check_is_a_warning(void **state)
{
    json_t *facts = parse("{'node':'a','checks':[{'name':'docker','ok':false,'detail':'refused'},"
                          "{'name':'web','ok':true,'detail':'200'}]}");
    struct verdict verdict;
    (void)state;

    verdict_judge(facts, &verdict);
    assert_int_equal(verdict.status, VERDICT_WARNING);
    assert_int_equal(json_array_size(verdict.warnings), 1);
    assert_string_equal(json_string_value(json_array_get(verdict.warnings, 0)),
                        "check docker fails on a (refused): mend what it looks at");
    verdict_deinit(&verdict);
    json_decref(facts);
}

static void test_facts_of_another_shape_are_judged_without_harm(void **state)
{
    static const char *const shapes[] = {
        "{}",
        "{'vips':null,'nodes':7,'checks':'x'}",
        "{'vips':[1,null,'x',[]],'nodes':[1,null,'x',[]],'checks':[1]}",
        ("{'node':5,'interval_ms':'x','vips':[{'name':3,'holders':{},'faults':[1,null],"
         "'since_ms':'long','holder':7}],'nodes':[{'name':null,'state':4,'path':9}]}"),
    };
    (void)state;

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        json_t *facts = parse(shapes[i]);
        struct verdict verdict;
        verdict_judge(facts, &verdict);
        assert_int_equal(verdict.status, VERDICT_OK);
        verdict_deinit(&verdict);
        json_decref(facts);
    }
}

static void test_the_numbers_are_those_of_monitoring_plugins(void **state)
{
    (void)state;

    assert_int_equal(VERDICT_OK, 0);
    assert_int_equal(VERDICT_WARNING, 1);
    assert_int_equal(VERDICT_CRITICAL, 2);
    assert_int_equal(VERDICT_UNKNOWN, 3);
}

static void test_two_swarms_in_one_cluster_are_a_warning(void **state)
{
    json_t *facts = parse("{'node':'a','vips':[],'nodes':[],'swarm_split':['a','c']}");
    struct verdict verdict;
    const char *said;

    (void)state;
    verdict_judge(facts, &verdict);
    assert_int_equal(verdict.status, VERDICT_WARNING);
    said = json_string_value(json_array_get(verdict.warnings, 0));
    assert_non_null(said);
    assert_string_equal(said,
                        "a and c are managers of different Docker Swarms, and who is drained in "
                        "one of them may be missed: compare 'docker node ls' on both, and give "
                        "each swarm a cluster of its own");
    verdict_deinit(&verdict);
    json_decref(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_swarms_in_one_cluster_are_a_warning),
        cmocka_unit_test(test_each_fact_has_its_verdict_and_its_sentence),
        cmocka_unit_test(test_every_sentence_says_what_to_do_after_a_colon),
        cmocka_unit_test(test_a_starting_node_does_not_complain_of_peers_it_has_not_heard_yet),
        cmocka_unit_test(test_a_node_that_can_send_to_nobody_does_not_complain_of_the_others),
        cmocka_unit_test(test_a_failing_check_is_a_warning),
        cmocka_unit_test(test_facts_of_another_shape_are_judged_without_harm),
        cmocka_unit_test(test_the_numbers_are_those_of_monitoring_plugins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
