/* A Linux guest's files: urunc's init and its settings (runtime/init/settings.h), urunit's file, and copies
 * of the container's small mounts. */
#include <string.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/guests/linux.h"
#include "runtime/guests/pack.h"
#include "runtime/init/settings.h"

/* The init itself, as it was built beside this program. */
extern const char guest_init_start[] __attribute__((visibility("hidden")));
extern const char guest_init_end[] __attribute__((visibility("hidden")));

/* Options of a tmpfs that a guest's kernel understands whatever the host's security module (tmpfs(5)). */
static const char *const tmpfs_options[] = {"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks="};

void linux_abilities(const struct guest_input *input, struct mount_abilities *abilities)
{
    cleanup_linux_guest struct linux_guest guest = {0};
    cleanup_error struct error ignored = {0};
    if (linux_guest_read(input, &guest, &ignored) < 0)
        return; /* the plan's error */
    bool own_init = guest.init == LINUX_INIT_OWN;
    abilities->archive = own_init || guest.root == LINUX_ROOT_INITRD;
    abilities->tmpfs = own_init;
    abilities->nodes = own_init;
    /* urunit mounts disks that it can tell from each other. */
    abilities->disks = own_init || linux_has_urunit_file(&guest);
    abilities->shares = own_init;
}

/* ---- urunc's init ---- */

/* A record's NUL ends it. */
static void end_record(struct buffer *settings)
{
    buffer_add(settings, "", 1);
}

static void add_record(struct buffer *settings, const char *name, const char *value)
{
    buffer_format(settings, "%s=", name);
    buffer_add_string(settings, value);
    end_record(settings);
}

static void add_user(struct buffer *settings, const struct guest_input *input)
{
    if (input->uid == 0 && input->gid == 0 && input->additional_gid_count == 0)
        return;
    buffer_format(settings, "user=%u:%u", input->uid, input->gid);
    for (size_t i = 0; i < input->additional_gid_count; i++)
        buffer_format(settings, "%c%u", i == 0 ? ':' : ',', input->additional_gids[i]);
    end_record(settings);
}

static bool is_known_option(const char *option)
{
    for (size_t i = 0; i < sizeof tmpfs_options / sizeof *tmpfs_options; i++)
        if (strncmp(option, tmpfs_options[i], strlen(tmpfs_options[i])) == 0)
            return true;
    return false;
}

static void add_tmpfs_options(struct buffer *settings, const char *options)
{
    cleanup_free char *copy = xstrdup(options != NULL ? options : "");
    char *rest = copy;
    const char *separator = "";
    for (char *option = strsep(&rest, ","); option != NULL; option = strsep(&rest, ",")) {
        if (!is_known_option(option))
            continue;
        buffer_format(settings, "%s%s", separator, option);
        separator = ",";
    }
}

static void add_mount(struct buffer *settings, const struct guest_mount *mount, size_t tree, bool virtiofs)
{
    if (mount->way == MOUNT_WAY_ARCHIVE) {
        buffer_format(settings, "mount=tree:%zu:", tree);
    } else if (mount->way == MOUNT_WAY_DISK) {
        buffer_format(settings, "mount=disk:/dev/vd%c:", (char)('a' + mount->place));
    } else if (mount->way == MOUNT_WAY_SHARE) {
        buffer_format(settings, "mount=%s:%s:", virtiofs ? "virtiofs" : "9p", mount->tag);
    } else {
        buffer_add_string(settings, "mount=tmpfs:");
        add_tmpfs_options(settings, mount->options);
        buffer_add_char(settings, ':');
    }
    buffer_format(settings, "%s%s%s:", mount->readonly ? "r" : "", mount->noexec ? "x" : "",
                  mount->optional ? "o" : "");
    buffer_add_string(settings, mount->destination);
    end_record(settings);
}

/* node=DEVICE:MODE:UID:GID:PATH */
static void add_node(struct buffer *settings, const struct guest_mount *mount)
{
    buffer_format(settings, "node=/dev/vd%c:%o:%u:%u:", (char)('a' + mount->place), mount->mode, mount->uid,
                  mount->gid);
    buffer_add_string(settings, mount->destination);
    end_record(settings);
}

static void add_mounts(struct buffer *settings, const struct linux_guest *guest, struct inode *trees)
{
    const struct guest_input *input = guest->input;
    if (input->has_block && guest->root != LINUX_ROOT_DISK)
        add_mount(settings,
                  &(struct guest_mount){.way = MOUNT_WAY_DISK,
                                        .destination = input->block_mount_point,
                                        .readonly = input->block_readonly},
                  0, false);
    for (size_t i = 0; i < input->mount_count; i++) {
        const struct guest_mount *mount = &input->mounts[i];
        if (mount->way == MOUNT_WAY_NODE) {
            add_node(settings, mount);
            continue;
        }
        cleanup_free char *name = xasprintf("%zu", trees->child_count);
        add_mount(settings, mount, trees->child_count, input->virtiofs);
        if (mount->way == MOUNT_WAY_ARCHIVE)
            tree_put(trees, name, mount->tree);
    }
}

/* Arguments as they are; of an annotation the text, which the init splits as it does the command line. */
static void add_arguments(struct buffer *settings, const struct linux_guest *guest)
{
    const struct guest_input *input = guest->input;
    if (input->cmdline != NULL)
        add_record(settings, "line", guest->arguments.data);
    for (size_t i = 1; input->cmdline == NULL && i < input->args->count; i++)
        add_record(settings, "arg", input->args->items[i]);
}

static void write_settings(const struct linux_guest *guest, struct inode *trees, struct buffer *settings)
{
    const struct guest_input *input = guest->input;
    for (size_t i = 0; input->env != NULL && i < input->env->count; i++)
        add_record(settings, "env", input->env->items[i]);
    add_arguments(settings, guest);
    add_user(settings, input);
    if (input->cwd != NULL && input->cwd[strspn(input->cwd, "/")] != '\0')
        add_record(settings, "cwd", input->cwd);
    if (input->hostname != NULL && *input->hostname != '\0')
        add_record(settings, "hostname", input->hostname);
    add_mounts(settings, guest, trees);
}

static void put_file(struct inode *directory, const char *path, mode_t mode, const void *bytes, size_t length)
{
    cleanup_inode struct inode *file = inode_new(S_IFREG | mode);
    file->content = content_of_memory(bytes, length);
    tree_put(directory, path_base(path), file);
}

static void pack_own(const struct linux_guest *guest, struct guest_pack *pack)
{
    cleanup_inode struct inode *directory = inode_new(S_IFDIR | 0700);
    cleanup_inode struct inode *trees = inode_new(S_IFDIR | 0700);
    cleanup_buffer struct buffer settings = {0};
    write_settings(guest, trees, &settings);
    put_file(directory, SETTINGS_FILE, 0600, settings.data, settings.length);
    put_file(directory, SETTINGS_INIT, 0700, guest_init_start, (size_t)(guest_init_end - guest_init_start));
    if (trees->child_count > 0)
        tree_put(directory, path_base(SETTINGS_TREES), trees);
    tree_put(pack->archive, path_base(SETTINGS_DIRECTORY), directory);
}

/* ---- urunit ---- */

/* Its lines have no quoting: a newline would begin another one, and urunit takes a variable that begins as
 * the list's end does for that. */
static int check_line(const char *key, const char *text, struct error *error)
{
    if (strchr(text, '\n') != NULL)
        return error_set(error, "%s %s: has a newline, which urunit's file cannot hold: use urunc-init", key,
                         text);
    if (strncmp(text, "UEE", 3) == 0)
        return error_set(error, "%s %s: urunit would take it for the end of its list: use urunc-init", key,
                         text);
    return 0;
}

/* It finds a disk by its serial, of which it reads nine bytes; or, where there are none ("FC"), takes vdb for
 * the first of the list, vdc for the second. It mounts all of them writable. */
static int add_urunit_disk(const struct guest_input *input, const struct guest_mount *mount, size_t number,
                           struct buffer *text, struct error *error)
{
    static const char where[] = "config.json: mounts: ";
    if (check_line("config.json: mounts:", mount->destination, error) < 0)
        return -1;
    if (mount->readonly)
        return error_set(error, "%s%s: urunit mounts no disk that is read-only: use urunc-init", where,
                         mount->destination);
    if (!input->disk_serials && mount->place != number + 1)
        return error_set(
            error, "%s%s: urunit finds it by a serial, which this monitor's disks have not: use urunc-init",
            where, mount->destination);
    cleanup_free char *serial =
        input->disk_serials ? boot_disk_serial(mount->place) : xasprintf("FC%zu", mount->place);
    buffer_format(text, "ID: %s\nMP: ", serial);
    buffer_add_string(text, mount->destination);
    buffer_add_char(text, '\n');
    return 0;
}

static int add_urunit_disks(const struct linux_guest *guest, struct buffer *text, struct error *error)
{
    const struct guest_input *input = guest->input;
    size_t number = 0;
    const struct guest_mount block = {.destination = input->block_mount_point,
                                      .readonly = input->block_readonly};
    if (input->has_block && guest->root != LINUX_ROOT_DISK) {
        buffer_add_string(text, "UBS\n");
        if (add_urunit_disk(input, &block, number++, text, error) < 0)
            return -1;
    }
    for (size_t i = 0; i < input->mount_count; i++) {
        const struct guest_mount *mount = &input->mounts[i];
        if (mount->way != MOUNT_WAY_DISK)
            continue;
        buffer_add_string(text, number == 0 ? "UBS\n" : "");
        if (add_urunit_disk(input, mount, number++, text, error) < 0)
            return -1;
    }
    buffer_add_string(text, number > 0 ? "UBE\n" : "");
    return 0;
}

static int write_urunit(const struct linux_guest *guest, struct buffer *text, struct error *error)
{
    const struct guest_input *input = guest->input;
    const char *cwd = input->cwd != NULL ? input->cwd : "/";
    buffer_add_string(text, "UES\n");
    for (size_t i = 0; input->env != NULL && i < input->env->count; i++) {
        const char *variable = input->env->items[i];
        if (check_line("process.env", variable, error) < 0)
            return -1;
        buffer_add_string(text, variable);
        buffer_add_char(text, '\n');
    }
    if (check_line("process.cwd", cwd, error) < 0)
        return -1;
    buffer_format(text, "UEE\nUCS\nUID:%u\nGID:%u\nWD:", input->uid, input->gid);
    buffer_add_string(text, cwd);
    buffer_add_string(text, "\nUCE\n");
    return add_urunit_disks(guest, text, error);
}

static int pack_urunit(const struct linux_guest *guest, struct guest_pack *pack, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (write_urunit(guest, &text, error) < 0)
        return -1;
    if (guest->root == LINUX_ROOT_DISK)
        pack->alone = take(text, (struct buffer){0});
    else
        put_file(pack->archive, URUNIT_IN_INITRD, 0600, text.data, text.length);
    return 0;
}

int linux_pack(const struct guest_input *input, struct guest_pack *pack, struct error *error)
{
    cleanup_linux_guest struct linux_guest guest = {0};
    if (linux_guest_read(input, &guest, error) < 0)
        return -1;
    if (guest.init == LINUX_INIT_OWN) {
        pack_own(&guest, pack);
        return 0;
    }
    pack->merged = true;
    if (linux_has_urunit_file(&guest) && pack_urunit(&guest, pack, error) < 0)
        return -1;
    return guest_pack_mounts(input, pack, error);
}
