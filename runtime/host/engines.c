#include "runtime/host/engines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/base/programs.h"
#include "runtime/config/toml.h"
#include "runtime/host/usable.h"

enum { FILE_MAX = 4 << 20 /* bytes of an engine's configuration */ };

static bool is_urunc(const char *path)
{
    return path != NULL && strcmp(path_base(path), "urunc") == 0;
}

/* The first counts. */
static void found(char **runtime, const char *name)
{
    if (*runtime == NULL)
        *runtime = xstrdup(name);
}

/* ---- the configurations ---- */

/* [plugins.PLUGIN.containerd.runtimes.NAME] runtime_type = "io.containerd.urunc.v2", or its table `options`
 * with BinaryName = "/usr/bin/urunc" (containerd, docs/cri/config.md). */
static int look_at_containerd(void *data, const struct strings *key, const json_t *value, struct error *error)
{
    (void)error;
    for (size_t i = 0; i + 2 < key->count; i++) {
        if (strcmp(key->items[i], "runtimes") != 0)
            continue;
        const char *name = key->items[key->count - 1], *text = json_string_value(value);
        bool by_type = strcmp(name, "runtime_type") == 0 && text != NULL && strstr(text, ".urunc.") != NULL;
        bool by_program = strcmp(name, "BinaryName") == 0 && is_urunc(text);
        if (by_type || by_program)
            found(data, key->items[i + 1]);
    }
    return 0;
}

/* [engine.runtimes] NAME = ["/usr/bin/urunc"] (containers.conf(5)). */
static int look_at_podman(void *data, const struct strings *key, const json_t *value, struct error *error)
{
    (void)error;
    if (key->count != 3 || strcmp(key->items[0], "engine") != 0 || strcmp(key->items[1], "runtimes") != 0)
        return 0;
    size_t i;
    json_t *path;
    json_array_foreach (value, i, path)
        if (is_urunc(json_string_value(path)))
            found(data, key->items[2]);
    return 0;
}

/* [crio.runtime.runtimes.NAME] runtime_path = "/usr/bin/urunc" (crio.conf(5)). */
static int look_at_crio(void *data, const struct strings *key, const json_t *value, struct error *error)
{
    static const char *const table[] = {"crio", "runtime", "runtimes"};
    (void)error;
    if (key->count != 5 || strcmp(key->items[4], "runtime_path") != 0)
        return 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(key->items[i], table[i]) != 0)
            return 0;
    if (is_urunc(json_string_value(value)))
        found(data, key->items[3]);
    return 0;
}

static int read_toml(const struct buffer *text, const char *file, toml_entry *entry, char **runtime,
                     struct error *error)
{
    return toml_read(text->data, text->length, file, entry, runtime, error);
}

static int read_containerd(const struct buffer *text, const char *file, char **runtime, struct error *error)
{
    return read_toml(text, file, look_at_containerd, runtime, error);
}

static int read_podman(const struct buffer *text, const char *file, char **runtime, struct error *error)
{
    return read_toml(text, file, look_at_podman, runtime, error);
}

static int read_crio(const struct buffer *text, const char *file, char **runtime, struct error *error)
{
    return read_toml(text, file, look_at_crio, runtime, error);
}

/* {"runtimes": {"NAME": {"path": "/usr/bin/urunc"}}} (dockerd(8)). */
static int read_docker(const struct buffer *text, const char *file, char **runtime, struct error *error)
{
    cleanup_json json_t *document = parse_json(text->data, text->length, file, error);
    if (document == NULL)
        return -1;
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get(document, "runtimes"), name, value) {
        const char *type = json_string_value(json_object_get(value, "runtimeType"));
        if (is_urunc(json_string_value(json_object_get(value, "path"))) ||
            (type != NULL && strstr(type, ".urunc.") != NULL))
            found(runtime, name);
    }
    return 0;
}

static const struct engine {
    const char *name;
    const char *program;
    const char *files[3]; /* the first that is there counts */
    int (*read)(const struct buffer *text, const char *file, char **runtime, struct error *error);
    const char *advice;
} engines[] = {
    {"containerd",
     "containerd",
     {"/etc/containerd/config.toml"},
     read_containerd,
     "add a runtime with runtime_type = \"io.containerd.runc.v2\" and, in its options, "
     "BinaryName = \"/usr/bin/urunc\""},
    {"cri-o",
     "crio",
     {"/etc/crio/crio.conf.d/10-urunc.conf", "/etc/crio/crio.conf"},
     read_crio,
     "add [crio.runtime.runtimes.urunc] with runtime_path = \"/usr/bin/urunc\""},
    {"docker",
     "dockerd",
     {"/etc/docker/daemon.json"},
     read_docker,
     "add \"runtimes\": {\"urunc\": {\"path\": \"/usr/bin/urunc\"}}"},
    {"podman",
     "podman",
     {"/etc/containers/containers.conf", "/usr/share/containers/containers.conf"},
     read_podman,
     "add urunc = [\"/usr/bin/urunc\"] to [engine.runtimes]; `podman --runtime /usr/bin/urunc` needs "
     "nothing"},
};

/* Reads the first file that is there. Returns its path, or that of the first; owned. */
static char *read_configuration(const struct engine *engine, const char *root, char **runtime,
                                struct error *problem)
{
    for (size_t i = 0; engine->files[i] != NULL; i++) {
        cleanup_buffer struct buffer text = {0};
        cleanup_error struct error missing = {0};
        cleanup_free char *path = xasprintf("%s%s", root, engine->files[i]);
        if (read_file(AT_FDCWD, path, FILE_MAX, &text, &missing) == 0)
            engine->read(&text, path, runtime, problem);
        else if (missing.number == ENOENT || missing.number == ENOTDIR)
            continue;
        else
            error_set(problem, "%s", missing.message);
        return take_pointer(path);
    }
    return xasprintf("%s%s", root, engine->files[0]);
}

static json_t *describe(const struct engine *engine, const char *program, const char *root)
{
    cleanup_error struct error problem = {0};
    cleanup_free char *runtime = NULL;
    cleanup_free char *file = read_configuration(engine, root, &runtime, &problem);
    if (runtime == NULL && !error_is_set(&problem))
        error_set(&problem, "%s: no runtime is urunc: %s", file, engine->advice);
    json_t *object = json_pack("{s:s, s:s, s:s}", "name", engine->name, "program", program, "file", file);
    if (runtime != NULL)
        json_object_set_new(object, "runtime", json_string(runtime));
    set_usable(object, &problem);
    return object;
}

json_t *host_engines(const char *root)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        cleanup_free char *program = program_find_below(root, engines[i].program, NULL);
        if (program != NULL)
            json_array_append_new(list, describe(&engines[i], program, root));
    }
    return list;
}
