#include "runtime/init/machine/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init/cmdline.h"
#include "runtime/init/console.h"
#include "runtime/init/files.h"
#include "runtime/init/machine/module_index.h"

enum {
    COMPRESSED_FILE = 4, /* MODULE_INIT_COMPRESSED_FILE of linux/module.h, Linux 5.17 */
    DEPTH_MAX = 32,      /* of dependencies; depmod knows no cycles, a broken tree might */
    SYMBOL_MISSING = -1, /* beside errno values: what the module needs is not loaded */
};

static bool is_compressed(const char *path)
{
    const char *suffix = strstr(path, ".ko");
    return suffix != NULL && suffix[3] != '\0';
}

/* 0, an errno value or SYMBOL_MISSING. */
static int insert(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    long result = syscall(SYS_finit_module, fd, "", is_compressed(path) ? COMPRESSED_FILE : 0);
    int number = result < 0 && errno != EEXIST ? errno : 0;
    close(fd);
    return number == ENOENT ? SYMBOL_MISSING : number;
}

static const char *reason(int number, const char *path)
{
    if (number == SYMBOL_MISSING)
        return "what it needs is not loaded: does modules.dep list it?";
    if (number == EOPNOTSUPP && is_compressed(path))
        return "this kernel does not decompress modules: put the plain .ko there";
    return strerror(number);
}

/* The value of depends= in the module's .modinfo: texts with a NUL behind each. Owned; NULL where it has
 * none. */
static char *read_needs(const char *path)
{
    static const char key[] = "depends=";
    size_t size = 0;
    char *bytes = read_whole(path, &size);
    char *needs = NULL;
    char *at = bytes;
    while (at != NULL && needs == NULL &&
           (at = memmem(at, size - (size_t)(at - bytes), key, sizeof key - 1)) != NULL) {
        if (at > bytes && at[-1] == '\0')
            needs = strdup(at + sizeof key - 1);
        at += sizeof key - 1;
    }
    free(bytes);
    return needs;
}

static int load(const struct module_index *index, struct module *module, int depth);

/* depmod lists what has to be there first last. Names in .modinfo have no order, and each has its own
 * dependencies. */
static void load_needs(const struct module_index *index, const char *text, int depth)
{
    char *needs = strdup(text);
    char *end = needs != NULL ? needs + strlen(needs) : NULL;
    while (end != NULL && end > needs) {
        char *name = end;
        while (name > needs && strchr(" ,", name[-1]) == NULL)
            name--;
        *end = '\0';
        struct module *module = *name != '\0' ? module_index_find(index, name) : NULL;
        if (module != NULL)
            load(index, module, depth + 1);
        end = name > needs ? name - 1 : NULL;
    }
    free(needs);
}

static int load(const struct module_index *index, struct module *module, int depth)
{
    if (module->done || depth > DEPTH_MAX)
        return 0;
    module->done = true;
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", module->path[0] == '/' ? "" : index->directory,
             module->path[0] == '/' ? "" : "/", module->path);
    char *asked = module->needs == NULL ? read_needs(path) : NULL;
    const char *needs = module->needs != NULL ? module->needs : asked;
    if (needs != NULL)
        load_needs(index, needs, depth);
    free(asked);
    int number = insert(path);
    module->lacks_symbol = number == SYMBOL_MISSING;
    return number;
}

static void load_named(const struct module_index *index, const char *name)
{
    struct module *module = module_index_find(index, name);
    if (module == NULL) {
        if (!module_index_is_builtin(index, name))
            complain("/etc/modules: %s: not below %s", name, index->directory);
        return;
    }
    int number = load(index, module, 0);
    if (number != 0)
        complain("/etc/modules: %s: %s", name, reason(number, module->path));
}

/* All of them: many are for hardware that is not there, and say so. Without modules.dep a compressed module
 * cannot be asked what it needs, so those that lacked something get another turn for as long as that helps.
 */
static void load_all(const struct module_index *index)
{
    for (size_t before = index->count + 1;;) {
        size_t lacking = 0;
        for (size_t i = 0; i < index->count; i++) {
            load(index, &index->modules[i], 0);
            lacking += index->modules[i].lacks_symbol;
        }
        if (lacking == 0 || lacking >= before)
            return;
        before = lacking;
        for (size_t i = 0; i < index->count; i++)
            index->modules[i].done = index->modules[i].done && !index->modules[i].lacks_symbol;
    }
}

/* Loads the modules that the file `list` names; all, where there is no such file. */
static void load_listed(const struct module_index *index, const char *list)
{
    char *names = read_whole(list, NULL);
    if (names == NULL) {
        load_all(index);
        return;
    }
    char *rest = names;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r#")] = '\0';
        if (*line != '\0')
            load_named(index, line);
    }
    free(names);
}

/* A driver that is not there is built in, or its device will be missed. */
static void load_own(const struct module_index *index, const char *name)
{
    struct module *module = module_index_find(index, name);
    int number = module != NULL ? load(index, module, 0) : 0;
    if (number != 0)
        complain("%s: %s", name, reason(number, module->path));
}

static void load_each(const struct module_index *index, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        load_own(index, names[i]);
}

#define LOAD_EACH(index, names) load_each(index, names, sizeof(names) / sizeof *(names))

static void load_for_shares(const struct module_index *index, const struct cmdline *cmdline)
{
    static const char *const virtiofs[] = {"virtiofs"};
    static const char *const plan_9[] = {"9pnet_virtio", "9p"};
    for (size_t i = 0; i < cmdline->mount_count; i++) {
        if (strcmp(cmdline->mounts[i].kind, "virtiofs") == 0)
            LOAD_EACH(index, virtiofs);
        else if (strcmp(cmdline->mounts[i].kind, "9p") == 0)
            LOAD_EACH(index, plan_9);
    }
}

void modules_load(const struct cmdline *cmdline)
{
    /* From here on the monitor hears of a panic. */
    static const char *const panic_device[] = {"pvpanic-pci", "pvpanic-mmio"};
    static const char *const ports[] = {"virtio_pci", "virtio_mmio", "virtio_console"};
    struct module_index index;
    module_index_read(&index);
    LOAD_EACH(&index, panic_device);
    if (cmdline->channel)
        LOAD_EACH(&index, ports);
    load_for_shares(&index, cmdline);
    load_listed(&index, "/etc/modules");
}
