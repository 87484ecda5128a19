// SPDX-License-Identifier: MIT
#include "tool/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Facts as JSON with ' for ". */
static char *metrics_of(const char *facts)
{
    char *text = strdup(facts);
    char *ret = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&ret, &size);

    assert_non_null(text);
    assert_non_null(out);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    metrics_print(json, out);
    assert_int_equal(fclose(out), 0);
    json_decref(json);
    free(text);
    return ret;
}

static void assert_has(const char *metrics, const char *line)
{
    const char *at = strstr(metrics, line);

    if (at == NULL)
        fail_msg("no line %s in:\n%s", line, metrics);
    assert_true(at == metrics || at[-1] == '\n');
    assert_int_equal(at[strlen(line)], '\n');
}

#define FACTS                                                                                    \
    "{'version':'1','cluster':'c','node':'a','uptime_ms':1500,'starting':false,"                 \
    "'vips':[{'name':'v','state':'holding','holder':'a','holders':['a'],'faults':[],"            \
    "'since_ms':2500,'in_kernel':true,'tier':0,'verified_by':['b','c'],'unverified_by':[],"      \
    "'votes':{'needed':2,'granted':3,'lease_ms':250},'sees_majority':null,'foreign_removals':4," \
    "'conflict':{'mac':'02:00:00:00:00:09','count':7,'last_ms':1}}],"                            \
    "'nodes':[{'name':'a','self':true,'state':'alive','last_heard_ms':null},"                    \
    "{'name':'b','state':'suspect','last_heard_ms':37,'rtt_us':210,'loss_percent':2.5,"          \
    "'hears_me':true,'healthy':false,'mac_failures':1,'path':'direct','config':'same'}],"        \
    "'checks':[{'name':'k','ok':null,'heard_ms':20}],"                                           \
    "'counters':{'received':10,'lateness_max_us':1500,'drops':{'mac':3,'replayed':0}}}"

static void test_facts_become_samples_in_base_units(void **state)
{
    char *metrics = metrics_of(FACTS);

    (void)state;
    assert_has(metrics, "vipgossip_build_info{version=\"1\",cluster=\"c\",node=\"a\"} 1");
    assert_has(metrics, "vipgossip_uptime_seconds 1.5");
    assert_has(metrics, "vipgossip_vip_holder{vip=\"v\",node=\"a\"} 1");
    assert_has(metrics, "vipgossip_vip_holder_age_seconds{vip=\"v\"} 2.5");
    assert_has(metrics, "vipgossip_vip_state{vip=\"v\",vipgossip_vip_state=\"holding\"} 1");
    assert_has(metrics, "vipgossip_vip_state{vip=\"v\",vipgossip_vip_state=\"fault\"} 0");
    assert_has(metrics, "vipgossip_vip_verified{vip=\"v\"} 2");
    assert_has(metrics, "vipgossip_vip_unverified{vip=\"v\"} 0");
    assert_has(metrics, "vipgossip_vip_lease_seconds{vip=\"v\"} 0.25");
    assert_has(metrics, "vipgossip_vip_foreign_removals_total{vip=\"v\"} 4");
    assert_has(metrics, "vipgossip_node_state{node=\"b\",vipgossip_node_state=\"suspect\"} 1");
    assert_has(metrics, "vipgossip_node_rtt_seconds{node=\"b\"} 0.00021");
    assert_has(metrics, "vipgossip_node_loss_ratio{node=\"b\"} 0.025");
    assert_has(metrics, "vipgossip_node_healthy{node=\"b\"} 0");
    assert_has(metrics, "vipgossip_received_datagrams_total 10");
    assert_has(metrics, "vipgossip_lateness_max_seconds 0.0015");
    assert_has(metrics, "vipgossip_drops_total{reason=\"mac\"} 3");
    free(metrics);
}

static void test_a_foreign_host_is_named_by_its_mac_and_makes_the_status_critical(void **state)
{
    char *metrics = metrics_of(FACTS);

    (void)state;
    assert_has(metrics, "vipgossip_vip_conflict{vip=\"v\",mac=\"02:00:00:00:00:09\"} 7");
    assert_has(metrics, "vipgossip_status 2");
    free(metrics);
}

static void test_what_is_not_known_has_no_sample(void **state)
{
    char *metrics = metrics_of(FACTS);
    char *nothing = metrics_of("{}");

    (void)state;
    assert_null(strstr(metrics, "\nvipgossip_vip_sees_majority{"));
    assert_null(strstr(metrics, "\nvipgossip_node_last_heard_seconds{node=\"a\"}"));
    assert_null(strstr(metrics, "\nvipgossip_check_ok{"));
    assert_has(metrics, "# TYPE vipgossip_check_ok gauge");
    assert_null(strstr(nothing, "\nvipgossip_vip"));
    assert_has(nothing, "# EOF");
    free(metrics);
    free(nothing);
}

static void test_each_family_has_its_type_and_help_once_before_its_samples(void **state)
{
    char *metrics = metrics_of(FACTS);
    char *rest = metrics;
    char family[128] = "";
    unsigned families = 0;

    (void)state;
    for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0';
         line = strsep(&rest, "\n")) {
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_int_equal(sscanf(line + 7, "%127s", family), 1);
            families++;
            assert_null(strstr(rest, line)); /* once */
        } else if (strncmp(line, "# HELP ", 7) == 0) {
            assert_int_equal(strncmp(line + 7, family, strlen(family)), 0);
        } else if (strcmp(line, "# EOF") != 0) {
            assert_int_equal(strncmp(line, family, strlen(family)), 0);
            assert_non_null(strchr(line, ' '));
        } else {
            assert_string_equal(rest, "");
        }
    }
    assert_true(families > 30);
    free(metrics);
}

static void test_a_name_cannot_end_its_label(void **state)
{
    char *metrics =
        metrics_of("{'nodes':[{'name':'a\\u0022} 9\\n#\\\\','state':'alive','mac_failures':1}]}");

    (void)state;
    assert_has(metrics, "vipgossip_node_wrong_macs_total{node=\"a\\\"} 9\\n#\\\\\"} 1");
    free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_become_samples_in_base_units),
        cmocka_unit_test(test_a_foreign_host_is_named_by_its_mac_and_makes_the_status_critical),
        cmocka_unit_test(test_what_is_not_known_has_no_sample),
        cmocka_unit_test(test_each_family_has_its_type_and_help_once_before_its_samples),
        cmocka_unit_test(test_a_name_cannot_end_its_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
