/* What a container's unikernel consists of. */
#include "runtime/process/guest_setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"
#include "formats/contract/annotations.h"
#include "formats/contract/urunc_json.h"
#include "formats/oci/platform.h"
#include "runtime/sandbox/mounts.h"
#include "runtime/storage/storage.h"

enum unikernel_found guest_setup_read(const struct bundle *bundle, struct unikernel *unikernel,
                                      struct error *error)
{
    enum unikernel_found found = UNIKERNEL_ABSENT;
    if (bundle->annotations != NULL)
        found = unikernel_from_json(bundle->annotations, "config.json: annotations", unikernel, error);
    if (found == UNIKERNEL_ABSENT)
        found = urunc_json_read(bundle->rootfs_fd, unikernel, error);
    return found;
}

static int find_program(const char *name, const struct monitor *monitor, const struct monitor_config *config,
                        char **program, struct error *error)
{
    if (config->path != NULL) {
        if (access(config->path, X_OK) < 0)
            return error_errno(error, errno, "urunc's configuration: monitors.%s.path: %s", name,
                               config->path);
        *program = xstrdup(config->path);
        return 0;
    }
    *program = program_find(monitor->program, NULL);
    if (*program != NULL)
        return 0;
    return error_set(error, "the monitor %s (%s) is not installed", name, monitor->program);
}

static int find_drivers(const struct config *config, struct guest_setup *files, struct error *error)
{
    const struct unikernel *unikernel = &files->unikernel;
    const char *framework = framework_name(unikernel->framework);
    const char *hypervisor = hypervisor_name(unikernel->hypervisor);
    files->guest = guest_find(unikernel->framework);
    if (files->guest == NULL)
        return error_set(error, KEY_TYPE ": \"%s\" is not booted by this version of urunc", framework);
    files->monitor = monitor_find(unikernel->hypervisor);
    if (files->monitor == NULL)
        return error_set(error, KEY_HYPERVISOR ": \"%s\" is not driven by this version of urunc", hypervisor);
    if (unikernel->mount_rootfs)
        return error_set(error,
                         KEY_MOUNT_ROOTFS
                         ": %s on %s cannot be given the container's rootfs itself: put it in an "
                         "initrd or a block image",
                         framework, hypervisor);
    return find_program(hypervisor, files->monitor, guest_monitor_config(files, config), &files->program,
                        error);
}

static int check_storage(const struct guest_setup *files, const char *key, enum storage_kind kind,
                         struct error *error)
{
    if (!(files->guest->storage & kind))
        return error_set(error, ANNOTATION_PREFIX "%s: the framework %s cannot use it", key,
                         framework_name(files->unikernel.framework));
    if (!(files->monitor->storage & kind))
        return error_set(error, ANNOTATION_PREFIX "%s: the hypervisor %s cannot offer it", key,
                         hypervisor_name(files->unikernel.hypervisor));
    return 0;
}

static int check_kernel(const struct guest_setup *files, struct error *error)
{
    const struct unikernel *unikernel = &files->unikernel;
    const struct kernel_probe *probe = &files->probe;
    unsigned wanted = files->guest->kernels;
    const char *host = platform_host_architecture();
    if (probe->architecture != NULL && strcmp(probe->architecture, host) != 0)
        return error_set(error, KEY_BINARY ": %s is for %s, this host is %s", unikernel->binary,
                         probe->architecture, host);
    if (wanted != 0 && !(probe->formats & wanted)) {
        cleanup_free char *found = kernel_probe_describe(probe);
        cleanup_free char *formats = kernel_formats_text(wanted);
        return error_set(error, KEY_BINARY ": %s is %s, but a kernel of %s is %s", unikernel->binary, found,
                         framework_name(unikernel->framework), formats);
    }
    if (hypervisor_check_kernel(unikernel->hypervisor, probe, unikernel->binary, error) != KERNEL_LOADS)
        return error_prefix(error, KEY_BINARY);
    return 0;
}

static int check_all_storage(const struct guest_setup *files, struct error *error)
{
    if (files->unikernel.initrd != NULL && check_storage(files, "initrd", STORAGE_INITRD, error) < 0)
        return -1;
    return files->unikernel.block != NULL ? check_storage(files, "block", STORAGE_BLOCK, error) : 0;
}

/* A detached mount of an opened file; *tree stays -1 where there is none. */
static int make_tree(int fd, const char *key, const char *path, unsigned flags, int *tree,
                     struct error *error)
{
    if (fd < 0)
        return 0;
    *tree = mount_detached_fd(fd, path, flags, error);
    return *tree >= 0 ? 0 : error_prefix(error, ANNOTATION_PREFIX "%s", key);
}

static int make_trees(struct guest_files *opened, struct guest_setup *files, struct error *error)
{
    const struct unikernel *unikernel = &files->unikernel;
    files->block_readonly = opened->block_readonly;
    if (make_tree(opened->binary, "binary", unikernel->binary, 0, &files->kernel_tree, error) < 0 ||
        make_tree(opened->initrd, "initrd", unikernel->initrd, 0, &files->initrd_tree, error) < 0)
        return -1;
    if (make_tree(opened->block, "block", unikernel->block, opened->block_readonly ? 0 : MOUNT_WRITABLE,
                  &files->block_tree, error) < 0)
        return -1;
    files->block_fd = take_fd(opened->block);
    return 0;
}

int guest_setup_open(const struct bundle *bundle, const struct config *config, struct guest_setup *files,
                     struct error *error)
{
    cleanup_guest_files struct guest_files opened = GUEST_FILES_NONE;
    if (find_drivers(config, files, error) < 0 || check_all_storage(files, error) < 0 ||
        guest_files_open(bundle->rootfs_fd, &files->unikernel, bundle->rootfs_readonly, &opened, error) < 0)
        return -1;
    if (kernel_probe(opened.binary, files->unikernel.binary, &files->probe, error) < 0)
        return error_prefix(error, ANNOTATION_PREFIX "binary");
    return check_kernel(files, error) < 0 ? -1 : make_trees(&opened, files, error);
}

void guest_setup_free(struct guest_setup *files)
{
    const int trees[] = {files->kernel_tree, files->initrd_tree, files->block_tree, files->block_fd};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        if (trees[i] >= 0)
            close(trees[i]);
    unikernel_free(&files->unikernel);
    free(files->program);
    *files = GUEST_SETUP_NONE;
}
