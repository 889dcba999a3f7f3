/* Reading and validating a bundle's config.json. */
#include "runtime/bundle/bundle.h"

#include <jansson.h>
#include <sys/resource.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

static const char minimal[] =
    "{\"ociVersion\":\"1.1.0\",\"process\":{\"args\":[\"a\",\"b c\"],\"cwd\":\"/\"},"
    "\"root\":{\"path\":\"rootfs\"}}";

/* Loads the minimal bundle with `patch` (a JSON object) laid over it, two levels deep. */
static int load(void **state, const char *patch, struct bundle *bundle, struct error *error)
{
    struct temporary *temporary = *state;
    cleanup_json json_t *config = json_loads(minimal, 0, NULL);
    cleanup_json json_t *over = json_loads(patch, 0, NULL);
    assert_non_null(over);
    const char *key;
    json_t *value;
    json_object_foreach (over, key, value) {
        json_t *below = json_object_get(config, key);
        if (json_is_object(below) && json_is_object(value))
            json_object_update(below, value);
        else
            json_object_set(config, key, value);
    }
    cleanup_free char *text = json_dumps(config, 0);
    temporary_write_text(temporary, "config.json", text);
    mkdirat(temporary->fd, "rootfs", 0755);
    return bundle_open(temporary->path, bundle, error) < 0 ? -1 : bundle_read(bundle, error);
}

static void assert_refused(void **state, const char *patch, const char *expected)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, patch, &bundle, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", expected, error.message);
}

static void a_minimal_bundle_has_defaults(void **state)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, "{}", &bundle, &error), 0);
    assert_int_equal(bundle.process.args.count, 2);
    assert_string_equal(bundle.process.args.items[1], "b c");
    assert_int_equal(bundle.process.umask, 022);
    assert_int_equal(bundle.process.capabilities.bounding, 0);
    assert_false(bundle.process.terminal);
    assert_false(bundle.rootfs_readonly);
    assert_int_equal(bundle.memory_limit, 0);
    assert_true(bundle.rootfs_fd >= 0);
    assert_null(bundle.hostname);
}

static void count_arguments(void **state, const char *mount, const char *args, size_t expected)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    cleanup_free char *patch =
        xasprintf("{\"process\":{\"args\":%s},\"mounts\":[{\"destination\":\"%s\",\"type\":\"bind\","
                  "\"source\":\"/proc/self/exe\",\"options\":[\"bind\",\"ro\"]}]}",
                  args, mount);
    assert_int_equal(load(state, patch, &bundle, &error), 0);
    assert_int_equal(bundle.process.args.count, expected);
}

static void an_engines_init_is_not_the_guests(void **state)
{
    count_arguments(state, "/run/podman-init", "[\"/run/podman-init\",\"--\",\"a\",\"b\"]", 2);
    count_arguments(state, "/sbin/docker-init", "[\"/sbin/docker-init\",\"--\",\"a\"]", 1);
    count_arguments(state, "/dev/init", "[\"/dev/init\",\"--\"]", 0);
    count_arguments(state, "/run/podman-init", "[\"/run/podman-init\",\"a\"]", 2);
    count_arguments(state, "/other", "[\"/run/podman-init\",\"--\",\"a\"]", 3);
    count_arguments(state, "/other", "[\"/other\",\"--\",\"a\"]", 3);
}

static void a_process_is_read_whole(void **state)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    const char *patch =
        "{\"process\":{\"env\":[\"A=1\"],\"user\":{\"uid\":7,\"gid\":8,\"umask\":63,\"additionalGids\":[9]},"
        "\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},\"oomScoreAdj\":-5,"
        "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_UNHEARD_OF\"],\"permitted\":[\"CAP_KILL\"]},"
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":-1}]}}";
    assert_int_equal(load(state, patch, &bundle, &error), 0);
    const struct process *process = &bundle.process;
    assert_string_equal(process->env.items[0], "A=1");
    assert_int_equal(process->uid, 7);
    assert_int_equal(process->gid, 8);
    assert_int_equal(process->umask, 077);
    assert_int_equal(process->additional_gids[0], 9);
    assert_int_equal(process->console_width, 80);
    assert_true(process->has_oom_score_adj);
    assert_int_equal(process->oom_score_adj, -5);
    assert_int_equal(process->capabilities.bounding, 1 << 0);
    assert_int_equal(process->capabilities.permitted, 1 << 5);
    assert_int_equal(process->rlimits[0].soft, 10);
    assert_true(process->rlimits[0].hard == RLIM_INFINITY);
}

static void wrong_types_and_values_name_their_place(void **state)
{
    assert_refused(state, "{\"ociVersion\":\"2.0.0\"}", "ociVersion: \"2.0.0\" is not 1.x");
    assert_refused(state, "{\"process\":{\"cwd\":\"tmp\"}}", "process.cwd: \"tmp\" is not an absolute path");
    assert_refused(state, "{\"process\":{\"args\":[1]}}", "process.args[0]: not a string");
    assert_refused(state, "{\"process\":{\"user\":{\"uid\":-1}}}", "process.user.uid: -1 is out of range");
    assert_refused(state, "{\"process\":{\"user\":{\"uid\":4294967295}}}", "process.user.uid");
    assert_refused(state, "{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]}}",
                   "RLIMIT_X");
    assert_refused(state, "{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":2,\"hard\":1}]}}",
                   "above the hard limit");
    assert_refused(state, "{\"process\":{\"user\":\"root\"}}", "config.json: process.user: not an object");
    assert_refused(state, "{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":-2,\"hard\":1}]}}",
                   "process.rlimits[0].soft: -2 is out of range");
    assert_refused(state, "{\"process\":{\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":1}]}}",
                   "soft: missing");
    assert_refused(state, "{\"process\":null}", "process: missing");
    assert_refused(state, "{\"root\":null}", "root: missing");
    assert_refused(state, "{\"root\":{\"path\":\"gone\"}}", "gone: No such file");
    assert_refused(state, "{\"annotations\":{\"a\":1}}", "annotations.a: not a string");
    assert_refused(state, "{\"hostname\":\"h\"}", "hostname: needs a uts namespace");
    assert_refused(state, "{\"linux\":{\"timeOffsets\":{\"monotonic\":{\"secs\":1}}}}", "timeOffsets");
    assert_refused(state, "{\"linux\":{\"resources\":{\"memory\":{\"limit\":\"1G\"}}}}",
                   "limit: not a whole number");
}

/* Podman writes 2^64-1 for --ulimit memlock=-1:-1. */
static void limits_are_unsigned_and_exact(void **state)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    const char *text =
        "{\"ociVersion\":\"1.1.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"cwd\":\"/\",\"rlimits\":["
        "{\"type\":\"RLIMIT_MEMLOCK\",\"soft\":18446744073709551614,\"hard\":18446744073709551615},"
        "{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":9223372036854775808}]}}";
    struct temporary *temporary = *state;
    assert_int_equal(load(state, "{}", &bundle, &error), 0);
    bundle_free(&bundle);
    temporary_write_text(temporary, "config.json", text);
    assert_int_equal(bundle_open(temporary->path, &bundle, &error), 0);
    assert_int_equal(bundle_read(&bundle, &error), 0);
    assert_true(bundle.process.rlimits[0].soft == UINT64_MAX - 1);
    assert_true(bundle.process.rlimits[0].hard == RLIM_INFINITY);
    assert_true(bundle.process.rlimits[1].hard == (uint64_t)INT64_MAX + 1);
}

static void only_the_second_step_reads_what_a_decision_does_not_need(void **state)
{
    static const char *const patches[] = {
        "{\"ociVersion\":\"9\"}",
        "{\"process\":null}",
        "{\"process\":{\"cwd\":\"x\"}}",
        "{\"linux\":{\"namespaces\":[{\"type\":\"mount\",\"path\":\"/x\"}]}}",
        "{\"linux\":{\"timeOffsets\":{\"monotonic\":{\"secs\":1}}}}",
        "{\"annotations\":{\"a\":1}}",
        "{\"hooks\":7}",
        "{\"root\":{\"path\":\"rootfs\",\"readonly\":7}}",
    };
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        cleanup_bundle struct bundle bundle = BUNDLE_NONE;
        cleanup_error struct error error = {0};
        assert_int_equal(load(state, patches[i], &bundle, &error), -1);
        bundle_free(&bundle);
        assert_int_equal(bundle_open(((struct temporary *)*state)->path, &bundle, &error), 0);
    }
}

static void namespaces_must_be_known_single_and_absolute(void **state)
{
    assert_refused(state, "{\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}",
                   "\"net\" is not a kind of namespace");
    assert_refused(state, "{\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}}",
                   "listed twice");
    assert_refused(state, "{\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]}}",
                   "not an absolute path");
    assert_refused(state, "{\"linux\":{\"namespaces\":[{\"type\":\"mount\",\"path\":\"/x\"}]}}",
                   "cannot be joined");
    assert_refused(state, "{\"linux\":{\"namespaces\":[{\"type\":\"user\"}]}}", "needs both");
}

static void user_mappings_translate_ids(void **state)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    const char *patch = "{\"linux\":{\"namespaces\":[{\"type\":\"user\"}],"
                        "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
                        "\"gidMappings\":[{\"containerID\":5,\"hostID\":7,\"size\":1}]}}";
    assert_int_equal(load(state, patch, &bundle, &error), 0);
    assert_int_equal(namespaces_host_uid(&bundle.namespaces, 9), 1009);
    assert_int_equal(namespaces_host_uid(&bundle.namespaces, 10), -1);
}

static void hooks_are_checked_before_anything_is_made(void **state)
{
    assert_refused(state, "{\"hooks\":{\"prestart\":[{\"path\":\"hook\"}]}}", "hooks.prestart[0].path");
    assert_refused(state, "{\"hooks\":{\"poststop\":[{\"path\":\"/h\",\"timeout\":0}]}}",
                   "poststop[0].timeout");
}

static void resolv_conf_comes_from_the_engine_or_the_rootfs(void **state)
{
    struct temporary *temporary = *state;
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    temporary_write_text(temporary, "resolv", "nameserver 1.2.3.4\n");
    assert_int_equal(
        load(state,
             "{\"mounts\":[{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\",\"source\":\"resolv\"}]}",
             &bundle, &error),
        0);
    cleanup_free char *mounted = bundle_resolv_conf(&bundle);
    assert_string_equal(mounted, "nameserver 1.2.3.4\n");
    bundle_free(&bundle);
    assert_int_equal(load(state, "{}", &bundle, &error), 0);
    assert_null(bundle_resolv_conf(&bundle));
    assert_int_equal(mkdirat(temporary->fd, "rootfs/etc", 0755), 0);
    assert_int_equal(symlinkat("../../resolv", temporary->fd, "rootfs/etc/resolv.conf"), 0);
    assert_null(bundle_resolv_conf(&bundle)); /* it would leave the rootfs */
}

static void a_directory_that_is_not_utf8_is_refused(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_free char *path = xasprintf("%s/b\xff", temporary->path);
    assert_int_equal(load(state, "{}", &bundle, &error), 0);
    bundle_free(&bundle);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(renameat(temporary->fd, "config.json", temporary->fd, "b\xff/config.json"), 0);
    assert_int_equal(renameat(temporary->fd, "rootfs", temporary->fd, "b\xff/rootfs"), 0);
    assert_int_equal(bundle_open(path, &bundle, &error), 0);
    assert_int_equal(bundle_read(&bundle, &error), -1);
    assert_non_null(strstr(error.message, "not UTF-8"));
}

static void a_config_that_is_no_file_is_refused(void **state)
{
    struct temporary *temporary = *state;
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_error struct error error = {0};
    assert_int_equal(mkfifoat(temporary->fd, "config.json", 0600), 0);
    assert_int_equal(bundle_open(temporary->path, &bundle, &error), -1); /* and does not block */
    assert_non_null(strstr(error.message, "not a regular file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_minimal_bundle_has_defaults),
        with_temporary(a_process_is_read_whole),
        with_temporary(an_engines_init_is_not_the_guests),
        with_temporary(wrong_types_and_values_name_their_place),
        with_temporary(limits_are_unsigned_and_exact),
        with_temporary(only_the_second_step_reads_what_a_decision_does_not_need),
        with_temporary(namespaces_must_be_known_single_and_absolute),
        with_temporary(user_mappings_translate_ids),
        with_temporary(hooks_are_checked_before_anything_is_made),
        with_temporary(resolv_conf_comes_from_the_engine_or_the_rootfs),
        with_temporary(a_directory_that_is_not_utf8_is_refused),
        with_temporary(a_config_that_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
