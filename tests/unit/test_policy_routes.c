#include "policy_ask.h"
#include "routes.h"

/* Calls of Podman's own API; the transport is looked at where a dialect grants them. */
static const char *const LIBPOD_NAMES[][3] = {
    {"GET", "/libpod/_ping", "SystemPingLibpod"},
    {"HEAD", "/libpod/_ping", "SystemPingLibpodHead"},
    {"GET", "/v4.0.0/libpod/containers/json", "ContainerListLibpod"},
    {"GET", "/v5.8.2-rc1/libpod/containers/json", "ContainerListLibpod"},
    {"GET", "/v6.0.0-dev/libpod/info", "SystemInfoLibpod"},
    {"GET", "/v4.0.0-/libpod/info", "unknown"},
    {"GET", "/v5-rc1/libpod/info", "unknown"},
    {"GET", "/v5.8.2-rc_1/libpod/info", "unknown"},
    {"GET", "/v5.8.2-rc1/containers/json", "unknown"},
    {"GET", "/v5.8.2-rc1/libpod", "unknown"},
    {"GET", "/v4.0.0/v4.0.0/libpod/info", "unknown"},
    {"GET", "/v4.0.0/libpod", "unknown"},
    {"GET", "/v4.0.0/libpods/info", "unknown"},
    {"GET", "/v4.0.0/libpod/containers", "unknown"},
    {"GET", "/v4.0.0/libpod/containers/a/b/json", "unknown"},
    {"GET", "/v4.0.0/libpod/containers/a/b/healthcheck", "ContainerHealthcheckLibpod"},
    {"GET", "/v4.0.0/libpod/images/r.io/a/b:1/json", "ImageInspectLibpod"},
    {"POST", "/v4.0.0/libpod/images/scp/a", "ImageScpLibpod"},
    {"POST", "/v4.0.0/libpod/images/scp/a/push", "ImagePushLibpod"},
    {"DELETE", "/v4.0.0/libpod/images/remove", "ImageDeleteAllLibpod"},
    {"DELETE", "/v4.0.0/libpod/images/remove/x", "ImageDeleteLibpod"},
    {"POST", "/v3.4.4/libpod/manifests/create", "ManifestCreateV3Libpod"},
    {"POST", "/v4.0.0/libpod/manifests/create", "ManifestCreateLibpod"},
    {"POST", "/libpod/manifests/create", "unknown"},
    {"POST", "/v3.4.4/libpod/manifests/x/add", "ManifestAddLibpod"},
    {"POST", "/v4.0.0/libpod/manifests/x/add", "ManifestCreateLibpod"},
    {"POST", "/v4.0.0/libpod/manifests/a/b/registry/r.io/c", "ManifestPushLibpod"},
    {"POST", "/v4.0.0/libpod/manifests/registry/r.io", "ManifestCreateLibpod"},
    {"POST", "/v4.0.0/libpod/manifests/a/registryx/c", "ManifestCreateLibpod"},
    {"POST", "/v3.4.4/libpod/manifests/a/registry/c", "unknown"},
    {"POST", "/v2.0.0/libpod/containers/a/archive", "ContainerArchiveLegacy"},
    {"GET", "/v2.0.0/libpod/containers/a/copy", "ContainerCopyLegacy"},
    {"POST", "/v2.0.0/libpod/containers/a/copy", "ContainerCopyLegacyPost"},
    {"GET", "/v2.0.0/libpod/generate/a/kube", "GenerateKubeLegacy"},
    {"PATCH", "/v4.0.0/libpod/info", "unknown"},
    {"GET", "/v4.0.0/libpod/info/", "unknown"},
};

struct route_case {
    const char *method;
    const char *target;
    const char *operation;
    enum verdict_transport transport;
    bool hijack_after_body;
};

static const struct route_case NAMES[] = {
    {"GET", "/_ping", "SystemPing", TRANSPORT_PLAIN, false},
    {"HEAD", "/_ping", "SystemPingHead", TRANSPORT_PLAIN, false},
    {"HEAD", "/version", "SystemVersion", TRANSPORT_PLAIN, false},
    {"HEAD", "/containers/a/archive", "ContainerArchiveInfo", TRANSPORT_PLAIN, false},
    {"GET", "/v1.41/info", "SystemInfo", TRANSPORT_PLAIN, false},
    {"GET", "/containers/json", "ContainerList", TRANSPORT_PLAIN, false},
    {"GET", "/containers/json/json", "ContainerInspect", TRANSPORT_PLAIN, false},
    {"GET", "/containers/parent/alias/json", "ContainerInspect", TRANSPORT_PLAIN, false},
    {"POST", "/containers/create", "ContainerCreate", TRANSPORT_PLAIN, false},
    {"POST", "/containers/create/start", "ContainerStart", TRANSPORT_PLAIN, false},
    {"POST", "/containers/prune/kill", "ContainerKill", TRANSPORT_PLAIN, false},
    {"DELETE", "/containers/x", "ContainerDelete", TRANSPORT_LONG, false},
    {"DELETE", "/containers/x/start", "ContainerDelete", TRANSPORT_LONG, false},
    {"DELETE", "/containers/x/checkpoints/c", "ContainerCheckpointDelete", TRANSPORT_PLAIN, false},
    {"DELETE", "/containers/x/y/checkpoints/c", "ContainerDelete", TRANSPORT_LONG, false},
    {"GET", "/containers/x/y/checkpoints", "ContainerCheckpointList", TRANSPORT_PLAIN, false},
    {"PUT", "/containers/x/archive", "PutContainerArchive", TRANSPORT_LONG, false},
    {"GET", "/images/json", "ImageList", TRANSPORT_PLAIN, false},
    {"GET", "/images/json/json", "ImageInspect", TRANSPORT_PLAIN, false},
    {"GET", "/images/get/get", "ImageGet", TRANSPORT_LONG, false},
    {"GET", "/images/r.io:5000/a/b:1/history", "ImageHistory", TRANSPORT_PLAIN, false},
    {"DELETE", "/images/r.io:5000/a/b:1", "ImageDelete", TRANSPORT_PLAIN, false},
    {"POST", "/images/a/b/push", "ImagePush", TRANSPORT_LONG, false},
    {"GET", "/distribution/r.io/a/b/json", "DistributionInspect", TRANSPORT_PLAIN, false},
    {"GET", "/networks", "NetworkList", TRANSPORT_PLAIN, false},
    {"GET", "/networks/", "NetworkListSlash", TRANSPORT_PLAIN, false},
    {"DELETE", "/networks/", "NetworkDelete", TRANSPORT_PLAIN, false},
    {"GET", "/networks/a/b", "NetworkInspect", TRANSPORT_PLAIN, false},
    {"GET", "/networks/create", "NetworkInspect", TRANSPORT_PLAIN, false},
    {"POST", "/networks/a/b/connect", "NetworkConnect", TRANSPORT_PLAIN, false},
    {"GET", "/configs/create", "ConfigInspect", TRANSPORT_PLAIN, false},
    {"POST", "/configs/create", "ConfigCreate", TRANSPORT_PLAIN, false},
    {"GET", "/plugins/privileges", "GetPluginPrivileges", TRANSPORT_PLAIN, false},
    {"GET", "/plugins/a/b/json", "PluginInspect", TRANSPORT_PLAIN, false},
    {"POST", "/plugins/pull/set", "PluginSet", TRANSPORT_PLAIN, false},
    {"PUT", "/volumes/a/b", "VolumeUpdate", TRANSPORT_PLAIN, false},
    {"OPTIONS", "/whatever/it/is", "Options", TRANSPORT_PLAIN, false},
    {"OPTIONS", "/containers/x/attach", "Options", TRANSPORT_PLAIN, false},
};

static const struct route_case UNKNOWN[] = {
    {"POST", "/version", "unknown", TRANSPORT_PLAIN, false},
    {"get", "/version", "unknown", TRANSPORT_PLAIN, false},
    {"PATCH", "/containers/x", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/containers", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/JSON", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/attach", "unknown", TRANSPORT_PLAIN, false},
    {"PUT", "/containers/x/attach", "unknown", TRANSPORT_PLAIN, false},
    {"POST", "/containers/x/attach/ws", "unknown", TRANSPORT_PLAIN, false},
    {"POST", "/containers/attach", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/exec/x/start", "unknown", TRANSPORT_PLAIN, false},
    {"POST", "/exec/start", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/session", "unknown", TRANSPORT_PLAIN, false},
    {"POST", "/session/x", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/events/x", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/nodes/a/b", "unknown", TRANSPORT_PLAIN, false},
    {"GET", "/tasks/a/b/logs", "unknown", TRANSPORT_PLAIN, false},
    {"POST", "/networks/", "unknown", TRANSPORT_PLAIN, false},
    {"FROB", "/info", "unknown", TRANSPORT_PLAIN, false},
};

static const struct route_case TRANSPORTS[] = {
    {"GET", "/events", "SystemEvents", TRANSPORT_STREAM, false},
    {"HEAD", "/events", "SystemEvents", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/logs", "ContainerLogs", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/logs?follow=1&stdout=1", "ContainerLogs", TRANSPORT_STREAM, false},
    {"GET", "/containers/x/logs?stdout=1&follow=yes", "ContainerLogs", TRANSPORT_STREAM, false},
    {"GET", "/containers/x/logs?follow=0", "ContainerLogs", TRANSPORT_PLAIN, false},
    {"HEAD", "/containers/x/logs?follow=1", "ContainerLogs", TRANSPORT_PLAIN, false},
    {"GET", "/services/x/logs?follow=true", "ServiceLogs", TRANSPORT_STREAM, false},
    {"GET", "/tasks/x/logs?follow=true", "TaskLogs", TRANSPORT_STREAM, false},
    {"GET", "/tasks/x/logs", "TaskLogs", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/stats", "ContainerStats", TRANSPORT_STREAM, false},
    {"GET", "/containers/x/stats?one-shot=1", "ContainerStats", TRANSPORT_STREAM, false},
    {"GET", "/containers/x/stats?stream=false", "ContainerStats", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/stats?stream=", "ContainerStats", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/stats?stream=off", "ContainerStats", TRANSPORT_STREAM, false},
    {"POST", "/containers/x/wait", "ContainerWait", TRANSPORT_LONG, false},
    {"POST", "/images/create?fromImage=a", "ImageCreate", TRANSPORT_LONG, false},
    {"POST", "/images/load", "ImageLoad", TRANSPORT_LONG, false},
    {"POST", "/build", "ImageBuild", TRANSPORT_LONG, false},
    {"POST", "/commit", "ImageCommit", TRANSPORT_LONG, false},
    {"POST", "/volumes/prune", "VolumePrune", TRANSPORT_LONG, false},
    {"GET", "/system/df", "SystemDataUsage", TRANSPORT_LONG, false},
    {"HEAD", "/system/df", "SystemDataUsage", TRANSPORT_PLAIN, false},
    {"GET", "/images/get", "ImageGetAll", TRANSPORT_LONG, false},
    {"GET", "/containers/x/export", "ContainerExport", TRANSPORT_LONG, false},
    {"GET", "/containers/x/archive", "ContainerArchive", TRANSPORT_LONG, false},
    {"POST", "/containers/x/attach?stream=1", "ContainerAttach", TRANSPORT_HIJACK, false},
    {"POST", "/v1.41/containers/a/b/attach", "ContainerAttach", TRANSPORT_HIJACK, false},
    {"POST", "/exec/x/start", "ExecStart", TRANSPORT_HIJACK, true},
    {"POST", "/exec/x/resize", "ExecResize", TRANSPORT_PLAIN, false},
    {"GET", "/containers/x/attach/ws", "ContainerAttachWebsocket", TRANSPORT_WEBSOCKET, false},
    {"HEAD", "/containers/x/attach/ws", "ContainerAttachWebsocket", TRANSPORT_PLAIN, false},
    {"POST", "/session", "Session", TRANSPORT_H2C, false},
    {"POST", "/v1.44/grpc", "GRPC", TRANSPORT_H2C, false},
};

/* Everything that the dialect with the most switches grants of Podman's own API. */
#define ALL_OF_PODMAN                                                                                                  \
    "DIALECT=linuxserver POST=1 LIBPOD_CONTAINERS=1 LIBPOD_EVENTS=1 LIBPOD_EXEC=1 LIBPOD_IMAGES=1 LIBPOD_PODS=1 "      \
    "LIBPOD_PLAY=1 LIBPOD_SYSTEM=1 LIBPOD_VOLUMES=1 ALLOW_LOGS=1 ALLOW_TOP=1 ALLOW_ARCHIVE=1 ALLOW_EXPORT=1"

static const struct route_case LIBPOD_TRANSPORTS[] = {
    {"GET", "/v4.0.0/libpod/events", "SystemEventsLibpod", TRANSPORT_STREAM, false},
    {"GET", "/v4.0.0/libpod/events?stream=false", "SystemEventsLibpod", TRANSPORT_PLAIN, false},
    {"GET", "/v4.0.0/libpod/containers/x/logs?follow=true", "ContainerLogsLibpod", TRANSPORT_STREAM, false},
    {"GET", "/v4.0.0/libpod/containers/x/logs", "ContainerLogsLibpod", TRANSPORT_PLAIN, false},
    {"GET", "/v4.0.0/libpod/containers/stats", "ContainersStatsAllLibpod", TRANSPORT_STREAM, false},
    {"GET", "/v4.0.0/libpod/containers/x/top", "ContainerTopLibpod", TRANSPORT_PLAIN, false},
    {"GET", "/v4.0.0/libpod/containers/x/top?stream=1", "ContainerTopLibpod", TRANSPORT_STREAM, false},
    {"GET", "/v4.0.0/libpod/pods/x/top?stream=true", "PodTopLibpod", TRANSPORT_STREAM, false},
    {"GET", "/v4.0.0/libpod/pods/stats", "PodStatsAllLibpod", TRANSPORT_PLAIN, false},
    {"POST", "/v4.0.0/libpod/containers/x/wait", "ContainerWaitLibpod", TRANSPORT_LONG, false},
    {"POST", "/v4.0.0/libpod/images/pull?reference=a", "ImagePullLibpod", TRANSPORT_LONG, false},
    {"GET", "/v4.0.0/libpod/containers/x/export", "ContainerExportLibpod", TRANSPORT_LONG, false},
    {"POST", "/v4.0.0/libpod/play/kube", "PlayKubeLibpod", TRANSPORT_LONG, false},
    {"POST", "/v4.0.0/libpod/containers/x/attach", "ContainerAttachLibpod", TRANSPORT_HIJACK, false},
    {"POST", "/v4.0.0/libpod/exec/x/start", "ExecStartLibpod", TRANSPORT_HIJACK, true},
    {"POST", "/v4.0.0/libpod/exec/x/resize", "ExecResizeLibpod", TRANSPORT_PLAIN, false},
};

static void
check_cases_under(const char *settings, const struct route_case cases[], size_t count)
{
    struct policy *policy = policy_of(settings);
    for (size_t i = 0; i < count; i++) {
        struct asked asked = ask(policy, cases[i].method, cases[i].target);
        const struct verdict *verdict = &asked.verdict;
        bool right = strcmp(verdict->operation, cases[i].operation) == 0 && verdict->transport == cases[i].transport &&
                     verdict->hijack_after_body == cases[i].hijack_after_body;
        if (!right) {
            fail_msg("%s %s: %s, transport %d, after body %d", cases[i].method, cases[i].target, verdict->operation,
                     verdict->transport, verdict->hijack_after_body);
        }
        asked_drop(&asked);
    }
    policy_unref(policy);
}

#define CHECK(cases) check_cases_under(EVERYTHING, (cases), sizeof(cases) / sizeof((cases)[0]))

static void
a_call_has_the_name_that_the_engine_routes_it_to(void **state)
{
    (void)state;
    CHECK(NAMES);
}

static void
a_call_below_libpod_has_the_name_that_podman_routes_it_to(void **state)
{
    (void)state;
    struct policy *policy = policy_of("");
    for (size_t i = 0; i < sizeof(LIBPOD_NAMES) / sizeof(LIBPOD_NAMES[0]); i++) {
        struct asked asked = ask(policy, LIBPOD_NAMES[i][0], LIBPOD_NAMES[i][1]);
        if (strcmp(asked.verdict.operation, LIBPOD_NAMES[i][2]) != 0)
            fail_msg("%s %s is %s", LIBPOD_NAMES[i][0], LIBPOD_NAMES[i][1], asked.verdict.operation);
        assert_int_equal(asked.verdict.action, VERDICT_DENY);
        asked_drop(&asked);
    }
    policy_unref(policy);
}

static void
each_class_has_calls_and_each_call_has_a_class(void **state)
{
    (void)state;
    unsigned all = 0;
    for (size_t i = 0; route_row(i) != NULL; i++) {
        const struct route *route = route_row(i);
        assert_int_not_equal(route->classes, 0);
        all |= route->classes;
        bool reads =
            (METHODS_READ & METHOD_BIT(route->method)) != 0 || strncmp(route->operation, "ContainerWait", 13) == 0;
        if ((route->classes & CLASS_BIT(CLASS_READ)) != 0 && !reads)
            fail_msg("%s is no mere look", route->operation);
    }
    assert_int_equal(all, CLASS_BIT(CLASS_COUNT) - 1);
}

static void
what_no_engine_routes_is_unknown_and_plain(void **state)
{
    (void)state;
    CHECK(UNKNOWN);
}

static void
the_transport_follows_the_route_its_method_and_its_parameters(void **state)
{
    (void)state;
    CHECK(TRANSPORTS);
}

static void
the_transport_of_podmans_calls_follows_them_too(void **state)
{
    (void)state;
    check_cases_under(ALL_OF_PODMAN, LIBPOD_TRANSPORTS, sizeof(LIBPOD_TRANSPORTS) / sizeof(LIBPOD_TRANSPORTS[0]));
}

static void
a_refused_call_tells_what_it_would_have_been(void **state)
{
    (void)state;
    struct policy *policy = policy_of("EVENTS=0");
    for (size_t i = 0; i < sizeof(TRANSPORTS) / sizeof(TRANSPORTS[0]); i++) {
        struct asked asked = ask(policy, TRANSPORTS[i].method, TRANSPORTS[i].target);
        assert_int_equal(asked.verdict.action, VERDICT_DENY);
        assert_int_equal(asked.verdict.transport, TRANSPORTS[i].transport);
        assert_int_equal(asked.verdict.hijack_after_body, TRANSPORTS[i].hijack_after_body);
        asked_drop(&asked);
    }
    policy_unref(policy);
}

/* The template with `name` in the place of each {…}. */
static void
fill_template(const char *template, const char *name, char *path, size_t size)
{
    size_t length = 0;
    for (const char *at = template; *at != '\0' && length + strlen(name) + 1 < size; at++) {
        if (*at == '{') {
            length += (size_t)snprintf(path + length, size - length, "%s", name);
            at = strchr(at, '}');
        } else {
            path[length++] = *at;
        }
    }
    path[length] = '\0';
}

static void
each_row_of_the_table_is_found_by_its_own_template(void **state)
{
    (void)state;
    struct policy *policy = policy_of(EVERYTHING);
    size_t rows = 0;
    for (const struct route *route; (route = route_row(rows)) != NULL; rows++) {
        char path[256];
        size_t prefix = (size_t)snprintf(path, sizeof(path), "%s", route->prefix_first == '0' ? "/v3.4.4" : "/v4.0.0");
        fill_template(route->template, "x", path + prefix, sizeof(path) - prefix);
        struct asked asked = ask(policy, method_text(route->method), path);
        assert_string_equal(asked.verdict.operation, route->operation);
        asked_drop(&asked);
        if (strstr(route->template, "...}") == NULL)
            continue;
        fill_template(route->template, "x/y:5000/z", path + prefix, sizeof(path) - prefix);
        asked = ask(policy, method_text(route->method), path);
        assert_string_equal(asked.verdict.operation, route->operation);
        asked_drop(&asked);
    }
    assert_int_equal(rows, ROUTE_COUNT);
    assert_true(rows > 260);
    policy_unref(policy);
}

static void
only_the_calls_that_an_engine_hijacks_are_flagged_for_a_tunnel(void **state)
{
    (void)state;
    size_t tunnels = 0;
    for (size_t i = 0; route_row(i) != NULL; i++)
        tunnels += route_row(i)->transport >= TRANSPORT_HIJACK;
    assert_int_equal(tunnels, 7);
}

static void
sections_and_methods_are_compared_letter_for_letter(void **state)
{
    (void)state;
    assert_int_equal(section_from_slice(SLICE_LITERAL("containers")), SECTION_CONTAINERS);
    assert_int_equal(section_from_slice(SLICE_LITERAL("Containers")), SECTION_NONE);
    assert_int_equal(section_from_slice(SLICE_LITERAL("container")), SECTION_NONE);
    assert_int_equal(section_from_slice(SLICE_LITERAL("")), SECTION_NONE);
    assert_int_equal(method_from_slice(SLICE_LITERAL("GET")), METHOD_GET);
    assert_int_equal(method_from_slice(SLICE_LITERAL("Get")), METHOD_OTHER);
    assert_int_equal(method_from_slice(SLICE_LITERAL("GETS")), METHOD_OTHER);
    assert_int_equal(method_from_slice(SLICE_LITERAL("")), METHOD_OTHER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_has_the_name_that_the_engine_routes_it_to),
        cmocka_unit_test(a_call_below_libpod_has_the_name_that_podman_routes_it_to),
        cmocka_unit_test(each_class_has_calls_and_each_call_has_a_class),
        cmocka_unit_test(what_no_engine_routes_is_unknown_and_plain),
        cmocka_unit_test(the_transport_follows_the_route_its_method_and_its_parameters),
        cmocka_unit_test(the_transport_of_podmans_calls_follows_them_too),
        cmocka_unit_test(a_refused_call_tells_what_it_would_have_been),
        cmocka_unit_test(each_row_of_the_table_is_found_by_its_own_template),
        cmocka_unit_test(only_the_calls_that_an_engine_hijacks_are_flagged_for_a_tunnel),
        cmocka_unit_test(sections_and_methods_are_compared_letter_for_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
