#include "builder/build/contract.h"

#include <stdlib.h>
#include <string.h>

#include "builder/build/guest_init.h"
#include "builder/build/kernel_check.h"
#include "builder/spec/location.h"
#include "builder/stage/facts.h"
#include "builder/stage/warn.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/contract/annotations.h"
#include "formats/contract/blocks.h"
#include "formats/kernel/probe.h"
#include "formats/tree/lookup.h"

#define PORTABLE_PATH_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-"

/* The instruction that says what is required. */
static const struct {
    const char *key;
    const char *instruction;
} sources[] = {
    {KEY_TYPE, "UNIKERNEL <framework>"},
    {KEY_HYPERVISOR, "MONITOR <monitor>"},
    {KEY_BINARY, "KERNEL <file>"},
};

static bool has_value(const struct fact *fact)
{
    return fact != NULL && *fact->value != '\0';
}

/* --label and --annotation win over the spec. */
static int take_options(const struct build *build, struct stage *stage, const json_t *object,
                        const char *option, struct error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        if (facts_take_label(build, stage, key, json_string_value(value), 0, error) < 0)
            return error_prefix(error, "%s", option);
    }
    return 0;
}

/* The first of the facts that make a unikernel, or NULL. */
static const struct fact *first_fact(const struct stage *stage)
{
    const struct fact *first = NULL;
    for (size_t i = 0; i < stage->fact_count; i++) {
        const struct fact *fact = &stage->facts[i];
        bool counts = annotation_find(fact->key)->written && has_value(fact);
        if (counts && (first == NULL || fact->line < first->line))
            first = fact;
    }
    return first;
}

static int check_required(const struct stage *stage, const struct fact *first, const char *file,
                          struct error *error)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (has_value(stage_fact(stage, sources[i].key)))
            continue;
        error_set(error, "%s makes this the image of a unikernel, but %s is missing; write %s", first->key,
                  sources[i].key, sources[i].instruction);
        return error_locate(error, file, first->line);
    }
    return 0;
}

static int read_facts(const struct stage *stage, struct unikernel *unikernel, struct error *error)
{
    cleanup_annotation_set struct annotation_set set = {0};
    for (size_t i = 0; i < stage->fact_count; i++)
        annotation_set_value(&set, annotation_find(stage->facts[i].key), stage->facts[i].value);
    return unikernel_from_set(&set, unikernel, error);
}

/* The regular file that an annotation names in the image. Borrowed; NULL and a located error. */
static struct inode *find_file(const struct build *build, const struct stage *stage, const char *key,
                               const char *path, struct error *error)
{
    cleanup_error struct error missing = {0};
    struct inode *inode = tree_lookup(stage->root, path, TREE_FOLLOW, &missing);
    if (inode != NULL && S_ISREG(inode->mode))
        return inode;
    error_set(error, "%s: %s: %s", key, path, inode == NULL ? "not in the image" : "not a regular file");
    error_locate(error, build->spec->file, stage_fact_line(stage, key));
    return NULL;
}

static int probe_kernel(const struct build *build, const struct stage *stage, const struct inode *kernel,
                        const char *path, struct kernel_probe *probe, struct error *error)
{
    *probe = (struct kernel_probe){0};
    int line = stage_fact_line(stage, KEY_BINARY);
    if (kernel->content == NULL || content_size(kernel->content) == 0) {
        error_set(error, "%s: %s: an empty file", KEY_BINARY, path);
        return error_locate(error, build->spec->file, line);
    }
    cleanup_close int fd = content_open(kernel->content, error);
    if (fd < 0 || kernel_probe(fd, path, probe, error) < 0)
        return error_locate(error, build->spec->file, line);
    return 0;
}

/* The image's platform: what was asked for, which the kernel must not contradict; else the kernel's. */
static int settle_platform(const struct build *build, const struct stage *stage, const char *kernel,
                           const struct kernel_probe *probe, struct platform *platform, struct error *error)
{
    const struct platform *wanted = stage->platform.os != NULL ? &stage->platform : build->options->platform;
    const char *option = stage->platform.os != NULL ? "FROM --platform" : "--platform";
    int line = stage_fact_line(stage, KEY_BINARY);
    if (wanted != NULL) {
        cleanup_free char *text = platform_text(wanted);
        platform_copy(platform, wanted);
        if (probe->architecture == NULL || strcmp(probe->architecture, wanted->architecture) == 0)
            return 0;
        error_set(error, "%s: a kernel for %s, which contradicts %s %s", kernel, probe->architecture, option,
                  text);
        return error_locate(error, build->spec->file, line);
    }
    if (probe->architecture == NULL) {
        error_set(error, "%s: the file does not tell its architecture; give it with --platform", kernel);
        return error_locate(error, build->spec->file, line);
    }
    *platform = (struct platform){xstrdup("linux"), xstrdup(probe->architecture), NULL};
    return 0;
}

/* A shell command needs a shell, which only a Linux guest can have. */
static int check_command(const struct build *build, const struct stage *stage, enum framework framework,
                         struct error *error)
{
    if (stage->shell_form_line == 0 || framework == FRAMEWORK_LINUX)
        return 0;
    error_set(error,
              "a command in shell form needs /bin/sh, which a guest of %s does not have; write a JSON array: "
              "[\"program\", \"argument\"]",
              framework_name(framework));
    return error_locate(error, build->spec->file, stage->shell_form_line);
}

/* Files that were written for bima, pun or bunny state the pair by LABEL: those tools check nothing, so their
 * files are built as they are. */
static bool is_for_other_tools(const struct stage *stage)
{
    return stage_fact(stage, KEY_TYPE)->by_label && stage_fact(stage, KEY_HYPERVISOR)->by_label;
}

/* An application in the place of the initrd, for frameworks that take one. */
static int check_initrd(const struct build *build, const struct stage *stage, const struct inode *file,
                        const struct contract *contract, struct error *error)
{
    struct kernel_probe probe = {0};
    const char *path = contract->unikernel.initrd;
    bool has_content =
        file->content != NULL && content_size(file->content) > 0; /* no archive yet to be made */
    cleanup_close int fd = has_content ? content_open(file->content, error) : -1;
    int status = has_content && (fd < 0 || kernel_probe(fd, path, &probe, error) < 0) ? -1 : 0;
    bool is_elf = (probe.formats & KERNEL_ELF) != 0;
    if (status == 0 && framework_check_initrd(contract->unikernel.framework, is_elf, error) < 0)
        status = error_prefix(error, "%s: %s", KEY_INITRD, path);
    if (status == 0 && is_elf && strcmp(probe.architecture, contract->platform.architecture) != 0)
        status = error_set(error, "%s: %s: for %s, the kernel is for %s", KEY_INITRD, path,
                           probe.architecture, contract->platform.architecture);
    return status == 0 ? 0 : error_locate(error, build->spec->file, stage_fact_line(stage, KEY_INITRD));
}

/* Framework, kernel, storage and devices against the hypervisor; `initrd` is NULL where there is none. */
static int check_fit(const struct build *build, const struct stage *stage, const struct contract *contract,
                     const struct inode *initrd, struct error *error)
{
    if (is_for_other_tools(stage))
        return 0; /* contract_warn */
    const char *key =
        kernel_check(&contract->unikernel, &contract->kernel, contract->platform.architecture, error);
    if (key != NULL)
        return error_locate(error, build->spec->file, stage_fact_line(stage, key));
    return initrd != NULL ? check_initrd(build, stage, initrd, contract, error) : 0;
}

static int check_blocks(const struct build *build, const struct stage *stage, const char *value,
                        struct error *error)
{
    cleanup_named_blocks struct named_blocks blocks = {0};
    if (named_blocks_parse(value, &blocks, error) < 0)
        return -1;
    for (size_t i = 0; i < blocks.count; i++)
        if (find_file(build, stage, KEY_BLOCKS, blocks.items[i].path, error) == NULL)
            return -1;
    return 0;
}

static int check_unikernel(const struct build *build, struct stage *stage, struct contract *contract,
                           struct error *error)
{
    const struct unikernel *unikernel = &contract->unikernel;
    const struct inode *kernel = find_file(build, stage, KEY_BINARY, unikernel->binary, error);
    if (kernel == NULL)
        return -1;
    const struct inode *initrd = NULL;
    if (unikernel->initrd != NULL &&
        (initrd = find_file(build, stage, KEY_INITRD, unikernel->initrd, error)) == NULL)
        return -1;
    if (unikernel->block != NULL && find_file(build, stage, KEY_BLOCK, unikernel->block, error) == NULL)
        return -1;
    if (check_blocks(build, stage, unikernel->blocks, error) < 0)
        return -1;
    struct kernel_probe *probe = &contract->kernel;
    if (probe_kernel(build, stage, kernel, unikernel->binary, probe, error) < 0 ||
        settle_platform(build, stage, unikernel->binary, probe, &contract->platform, error) < 0 ||
        check_fit(build, stage, contract, initrd, error) < 0)
        return -1;
    if (guest_init_check_architecture(build, stage, contract->platform.architecture, error) < 0)
        return -1;
    return check_command(build, stage, unikernel->framework, error);
}

int contract_settle(const struct build *build, struct stage *stage, struct contract *contract,
                    struct error *error)
{
    *contract = (struct contract){0};
    if (take_options(build, stage, build->options->labels, "--label", error) < 0 ||
        take_options(build, stage, build->options->annotations, "--annotation", error) < 0)
        return -1;
    const struct fact *first = first_fact(stage);
    if (first == NULL) {
        platform_copy(&contract->platform, stage->platform.os != NULL ? &stage->platform : &build->target);
        return 0;
    }
    if (check_required(stage, first, build->spec->file, error) < 0)
        return -1;
    if (read_facts(stage, &contract->unikernel, error) < 0)
        return -1;
    contract->is_unikernel = true;
    return check_unikernel(build, stage, contract, error);
}

/* Other runtimes of this contract refuse paths with further characters. */
static void warn_of_paths(const struct build *build, const struct stage *stage,
                          const struct unikernel *unikernel)
{
    const struct {
        const char *key;
        const char *path;
    } paths[] = {{KEY_BINARY, unikernel->binary},
                 {KEY_INITRD, unikernel->initrd},
                 {KEY_BLOCK, unikernel->block},
                 {KEY_MOUNT_POINT, unikernel->block_mount_point}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *path = paths[i].path;
        if (path == NULL || path[strspn(path, PORTABLE_PATH_CHARACTERS)] == '\0')
            continue;
        cleanup_free char *quoted = text_quote(path);
        build_warn(build, stage_fact_line(stage, paths[i].key),
                   "%s: %s: other runtimes refuse characters beside letters, digits, '.', '_', '-' and '/'",
                   paths[i].key, quoted);
    }
}

/* A unikernel is its own program; a Linux guest is told which one to start. */
static void warn_of_no_command(const struct build *build, const struct stage *stage,
                               const struct unikernel *unikernel)
{
    const struct image_config *config = &stage->config;
    if (unikernel->framework == FRAMEWORK_LINUX && config->entrypoint.count == 0 && config->cmd.count == 0)
        build_warn(build, stage_fact_line(stage, KEY_TYPE),
                   "a Linux guest without CMD or ENTRYPOINT does not boot, unless its container is given a "
                   "command");
}

static void warn_of_unikernel(const struct build *build, const struct stage *stage,
                              const struct contract *contract)
{
    cleanup_error struct error reason = {0};
    const char *key =
        kernel_check(&contract->unikernel, &contract->kernel, contract->platform.architecture, &reason);
    if (key != NULL)
        build_warn(build, stage_fact_line(stage, key), "%s; urunc will not start this image", reason.message);
    else
        kernel_warn(build, stage, &contract->unikernel, &contract->kernel);
    warn_of_paths(build, stage, &contract->unikernel);
    warn_of_no_command(build, stage, &contract->unikernel);
}

void contract_warn(const struct build *build, const struct stage *stage, const struct contract *contract)
{
    if (contract->is_unikernel)
        warn_of_unikernel(build, stage, contract);
    else
        build_warn(
            build, stage->plan->from.line,
            "this image carries no unikernel: neither UNIKERNEL, MONITOR and KERNEL nor labels under %s "
            "say so",
            ANNOTATION_PREFIX);
}

void contract_free(struct contract *contract)
{
    unikernel_free(&contract->unikernel);
    platform_free(&contract->platform);
}
