/* The engines' configurations: whether a runtime in them is urunc. */
#include "runtime/host/engines.h"

#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

/* An executable of that name below the test's root. */
static void install(const struct temporary *temporary, const char *program)
{
    cleanup_free char *name = xasprintf("usr/bin/%s", program);
    mkdirat(temporary->fd, "usr", 0755);
    mkdirat(temporary->fd, "usr/bin", 0755);
    temporary_write_text(temporary, name, "#!/bin/sh\n");
    assert_int_equal(fchmodat(temporary->fd, name, 0755, 0), 0);
}

/* The description of an engine with that text in its configuration. */
static json_t *look(const struct temporary *temporary, const char *name, const char *program,
                    const char *folder, const char *file, const char *text)
{
    char path[300];
    install(temporary, program);
    snprintf(path, sizeof path, "%s/etc", temporary->path);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/etc/%s", temporary->path, folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "etc/%s/%s", folder, file);
    temporary_write_text(temporary, path, text);
    cleanup_json json_t *list = host_engines(temporary->path);
    size_t i;
    json_t *engine;
    json_array_foreach (list, i, engine)
        if (strcmp(json_string_value(json_object_get(engine, "name")), name) == 0)
            return json_incref(engine);
    fail_msg("no %s", name);
    return NULL;
}

static void assert_runtime(const json_t *engine, const char *expected)
{
    const char *runtime = json_string_value(json_object_get(engine, "runtime"));
    if (expected == NULL) {
        assert_null(runtime);
        assert_non_null(strstr(json_string_value(json_object_get(engine, "problem")), "no runtime is urunc"));
        return;
    }
    assert_non_null(runtime);
    assert_string_equal(runtime, expected);
    assert_true(json_is_true(json_object_get(engine, "usable")));
}

static void containerd_by_the_runtimes_type(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "containerd", "containerd", "containerd", "config.toml",
             "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.uk]\n"
             "  runtime_type = \"io.containerd.urunc.v2\"\n");
    assert_runtime(engine, "uk");
}

/* As `containerd config default` of containerd 2 prints it. */
static void containerd_beside_arrays_of_tables(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "containerd", "containerd", "containerd", "config.toml",
             "version = 3\n[plugins.'io.containerd.transfer.v1.local']\n"
             "[[plugins.'io.containerd.transfer.v1.local'.unpack_config]]\nplatform = 'linux/amd64'\n"
             "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.uk]\n"
             "runtime_type = 'io.containerd.urunc.v2'\n");
    assert_runtime(engine, "uk");
}

static void containerd_by_the_program_of_its_options(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "containerd", "containerd", "containerd", "config.toml",
             "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.uni]\n"
             "runtime_type = 'io.containerd.runc.v2'\n"
             "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.uni.options]\n"
             "BinaryName = '/usr/local/bin/urunc'\n");
    assert_runtime(engine, "uni");
}

static void containerd_without_urunc(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "containerd", "containerd", "containerd", "config.toml",
             "[plugins.cri.containerd.runtimes.runc]\nruntime_type = 'io.containerd.runc.v2'\n"
             "[plugins.cri.containerd.runtimes.runc.options]\nBinaryName = '/usr/bin/urunc-not'\n");
    assert_runtime(engine, NULL);
}

static void a_broken_configuration_is_the_problem(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "containerd", "containerd", "containerd", "config.toml", "version =\n");
    assert_non_null(
        strstr(json_string_value(json_object_get(engine, "problem")), "config.toml:1: a value is missing"));
}

static void podman_by_the_list_of_paths(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "podman", "podman", "containers", "containers.conf",
             "[engine]\n[engine.runtimes]\ncrun = ['/usr/bin/crun']\nuni = ['/x', '/opt/bin/urunc']\n");
    assert_runtime(engine, "uni");
}

static void docker_by_the_path(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "docker", "dockerd", "docker", "daemon.json",
             "{\"runtimes\": {\"other\": {\"path\": \"/usr/bin/urunc-not\"}, \"uni\": {\"path\": "
             "\"/usr/local/bin/urunc\"}}, \"live-restore\": true}");
    assert_runtime(engine, "uni");
}

static void docker_by_the_runtimes_type(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "docker", "dockerd", "docker", "daemon.json",
             "{\"runtimes\": {\"uk\": {\"runtimeType\": \"io.containerd.urunc.v2\"}}}");
    assert_runtime(engine, "uk");
}

static void docker_without_urunc(void **state)
{
    static const char *const texts[] = {"{}", "{\"runtimes\": {}}", "{\"runtimes\": 7}", "[]",
                                        "{\"runtimes\": {\"urunc\": {\"path\": [\"urunc\"]}}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cleanup_json json_t *engine = look(*state, "docker", "dockerd", "docker", "daemon.json", texts[i]);
        assert_runtime(engine, NULL);
    }
}

static void cri_o_by_the_runtimes_path(void **state)
{
    cleanup_json json_t *engine =
        look(*state, "cri-o", "crio", "crio", "crio.conf",
             "[crio.runtime]\ndefault_runtime = 'runc'\n"
             "[crio.runtime.runtimes.runc]\nruntime_path = '/usr/bin/runc'\n"
             "[crio.runtime.runtimes.uni]\nruntime_path = '/usr/local/bin/urunc'\n");
    assert_runtime(engine, "uni");
}

static void cri_o_without_urunc(void **state)
{
    cleanup_json json_t *engine = look(*state, "cri-o", "crio", "crio", "crio.conf",
                                       "[crio.runtime.runtimes.uni]\nmonitor_path = '/usr/local/bin/urunc'\n"
                                       "[crio.image.runtimes.uni]\nruntime_path = '/usr/local/bin/urunc'\n"
                                       "[crio.runtime]\nruntime_path = '/usr/local/bin/urunc'\n");
    assert_runtime(engine, NULL);
}

static void only_installed_engines_are_described(void **state)
{
    const struct temporary *temporary = *state;
    install(temporary, "dockerd");
    cleanup_json json_t *list = host_engines(temporary->path);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "name")), "docker");
}

static void a_configuration_that_cannot_be_read_is_named(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_free char *directory = xasprintf("%s/etc/containerd/config.toml", temporary->path);
    cleanup_json json_t *readable =
        look(temporary, "containerd", "containerd", "containerd", "config.toml", "");
    assert_runtime(readable, NULL);
    unlink(directory);
    mkdir(directory, 0755);
    cleanup_json json_t *list = host_engines(temporary->path);
    cleanup_free char *text = json_dumps(list, JSON_COMPACT);
    assert_non_null(strstr(text, "config.toml: not a regular file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(containerd_by_the_runtimes_type),
        with_temporary(containerd_beside_arrays_of_tables),
        with_temporary(containerd_by_the_program_of_its_options),
        with_temporary(containerd_without_urunc),
        with_temporary(a_broken_configuration_is_the_problem),
        with_temporary(podman_by_the_list_of_paths),
        with_temporary(docker_by_the_path),
        with_temporary(docker_by_the_runtimes_type),
        with_temporary(docker_without_urunc),
        with_temporary(cri_o_by_the_runtimes_path),
        with_temporary(cri_o_without_urunc),
        with_temporary(only_installed_engines_are_described),
        with_temporary(a_configuration_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
