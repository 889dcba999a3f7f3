/* What KERNEL, INITRD and BLOCK share. */
#include "builder/instructions/guest_file.h"

#include <string.h>

#include "builder/build/placement.h"
#include "builder/instructions/unikernel.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* The single match of a source with wildcards; the source itself without. */
static char *only_match(struct files *files, const char *source, struct error *error)
{
    cleanup_strings struct strings matches = {0};
    if (files_glob(files, source, &matches, error) < 0)
        return NULL;
    if (matches.count == 1)
        return xstrdup(matches.items[0]);
    if (matches.count == 0)
        error_set(error, "no file matches %s", source);
    else
        error_set(error, "%s matches %zu files, from %s to %s; one is needed", source, matches.count,
                  matches.items[0], matches.items[matches.count - 1]);
    return NULL;
}

static struct inode *load(struct build *build, struct stage *stage, const struct instruction *instruction,
                          char **source, struct error *error)
{
    struct tree_files space;
    struct files *files = build_files(build, instruction, &space, error);
    cleanup_free char *word =
        files != NULL ? build_expand(build, stage, instruction->words.items[0], error) : NULL;
    if (word == NULL)
        return NULL;
    if (*word == '\0') {
        error_set(error, "the source is empty: %s", instruction->words.items[0]);
        return NULL;
    }
    *source = only_match(files, word, error);
    return *source != NULL ? files->load(files, *source, error) : NULL;
}

struct inode *guest_file_load(struct build *build, struct stage *stage, const struct instruction *instruction,
                              char **source, struct error *error)
{
    struct inode *inode = load(build, stage, instruction, source, error);
    if (inode == NULL)
        error_prefix(error, "%s", instruction->kind->name);
    return inode;
}

static int place(struct build *build, struct stage *stage, const struct instruction *instruction,
                 const char *default_path, const char *key, struct inode *file, struct error *error)
{
    cleanup_free char *wanted = NULL;
    if (build_flag(build, stage, instruction, "dest", &wanted, error) < 0)
        return -1;
    if (wanted == NULL)
        wanted = xstrdup(default_path);
    cleanup_free char *destination = stage_absolute_path(stage, wanted);
    cleanup_placement struct placement placement = placement_begin(stage, build->options->time);
    cleanup_free char *path =
        placement_file(&placement, destination, strrchr(default_path, '/') + 1, false, file, error);
    if (path == NULL || unikernel_set_fact(stage, key, path, instruction->line, error) < 0)
        return -1;
    placement_end(&placement, instruction->text);
    return 0;
}

int guest_file_place(struct build *build, struct stage *stage, const struct instruction *instruction,
                     const char *default_path, const char *key, struct inode *file, struct error *error)
{
    if (place(build, stage, instruction, default_path, key, file, error) < 0)
        return error_prefix(error, "%s", instruction->kind->name);
    return 0;
}
