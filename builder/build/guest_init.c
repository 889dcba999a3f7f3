#include "builder/build/guest_init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "builder/spec/location.h"
#include "builder/stage/facts.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"
#include "formats/contract/frameworks.h"
#include "formats/kernel/probe.h"

extern const char guest_init_start[] __attribute__((visibility("hidden")));
extern const char guest_init_end[] __attribute__((visibility("hidden")));

/* Inits that an image brings itself; ours must not run them as a second one. */
static const char *const other_inits[] = {"urunit", NULL};

/* The first word of the command, or NULL. */
static const char *first_word(const struct image_config *config)
{
    if (config->entrypoint.count > 0)
        return config->entrypoint.items[0];
    return config->cmd.count > 0 ? config->cmd.items[0] : NULL;
}

static bool is_wanted(const struct build *build, const struct stage *stage)
{
    const char *choice = build->options->guest_init;
    const char *word = first_word(&stage->config);
    if (choice != NULL && strcmp(choice, "none") == 0)
        return false;
    if (word == NULL || facts_framework(stage) != FRAMEWORK_LINUX)
        return false;
    for (const char *const *name = other_inits; *name != NULL; name++)
        if (strcmp(path_base(word), *name) == 0)
            return false;
    return true;
}

static struct content *load_content(const struct build *build, struct error *error)
{
    const char *file = build->options->guest_init;
    if (file == NULL)
        return content_of_memory(guest_init_start, (size_t)(guest_init_end - guest_init_start));
    int fd = open_regular(AT_FDCWD, file, O_RDONLY, error);
    if (fd < 0) {
        error_prefix(error, "--guest-init");
        return NULL;
    }
    return content_of_fd(fd, file, error);
}

static struct inode *load_init(const struct build *build, struct error *error)
{
    struct content *content = load_content(build, error);
    if (content == NULL)
        return NULL;
    struct inode *inode = inode_new(S_IFREG | 0755);
    inode->mtime = build->time;
    inode->content = content;
    return inode;
}

int guest_init_add(struct build *build, struct stage *stage, struct guest_archive *archive,
                   struct error *error)
{
    if (!is_wanted(build, stage))
        return 0;
    stage->guest_init_line = archive->instruction->line;
    const char *name = path_base(GUEST_INIT_PATH);
    struct inode *there = tree_child(archive->tree, name); /* the user's own, which stays */
    cleanup_inode struct inode *init = there != NULL ? inode_ref(there) : load_init(build, error);
    if (init == NULL)
        return -1;
    if (there == NULL) {
        stage->guest_init_own = true;
        tree_put(archive->tree, name, init);
    }
    /* The kernel starts /init of an initramfs; a root filesystem on a disk is entered by init= alone. */
    if (archive->instruction->kind->id == INSTRUCTION_INITRD && tree_child(archive->tree, "init") == NULL)
        tree_put(archive->tree, "init", init);
    return 0;
}

void guest_init_prefix_entrypoint(const struct build *build, const struct stage *stage,
                                  struct image_config *config)
{
    if (stage->guest_init_line == 0 || !is_wanted(build, stage))
        return;
    if (strcmp(path_base(first_word(config)), path_base(GUEST_INIT_PATH)) == 0)
        return;
    struct strings entrypoint = {0};
    strings_add(&entrypoint, GUEST_INIT_PATH);
    strings_add_all(&entrypoint, &config->entrypoint);
    strings_free(&config->entrypoint);
    config->entrypoint = entrypoint;
}

int guest_init_check_architecture(const struct build *build, const struct stage *stage,
                                  const char *architecture, struct error *error)
{
    if (!stage->guest_init_own || architecture == NULL)
        return 0;
    cleanup_inode struct inode *init = load_init(build, error);
    if (init == NULL)
        return -1;
    cleanup_close int fd = content_open(init->content, error);
    struct kernel_probe probe;
    if (fd < 0 || kernel_probe(fd, "the guest's init", &probe, error) < 0)
        return -1;
    if (probe.architecture == NULL || strcmp(probe.architecture, architecture) == 0)
        return 0;
    error_set(error,
              "the kernel is for %s, the guest's init for %s; give one with --guest-init=FILE, or none",
              architecture, probe.architecture);
    return error_locate(error, build->spec->file, stage->guest_init_line);
}
