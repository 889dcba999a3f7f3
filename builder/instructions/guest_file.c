#include "builder/instructions/guest_file.h"

#include <string.h>

#include "builder/stage/changeset.h"
#include "builder/stage/facts.h"
#include "builder/stage/scope.h"
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
    struct files *files = scope_files(build, instruction, &space, error);
    cleanup_free char *word =
        files != NULL ? scope_expand(build, stage, instruction->words.items[0], error) : NULL;
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

static int add(struct build *build, struct stage *stage, const struct instruction *instruction,
               const char *default_path, const char *key, struct inode *file, struct error *error)
{
    cleanup_free char *wanted = NULL;
    if (scope_flag(build, stage, instruction, "dest", &wanted, error) < 0)
        return -1;
    if (wanted == NULL)
        wanted = xstrdup(default_path);
    cleanup_free char *destination = scope_absolute_path(stage, wanted);
    cleanup_changeset struct changeset changeset = changeset_begin(stage, build->time);
    cleanup_free char *path =
        changeset_add_file(&changeset, destination, strrchr(default_path, '/') + 1, false, file, error);
    if (path == NULL || facts_set(stage, key, path, instruction->line, error) < 0)
        return -1;
    changeset_end(&changeset, instruction->text);
    return 0;
}

int guest_file_add(struct build *build, struct stage *stage, const struct instruction *instruction,
                   const char *default_path, const char *key, struct inode *file, struct error *error)
{
    if (add(build, stage, instruction, default_path, key, file, error) < 0)
        return error_prefix(error, "%s", instruction->kind->name);
    return 0;
}

struct inode *guest_file_empty(const struct build *build)
{
    struct inode *file = inode_new(S_IFREG | 0644);
    file->mtime = build->time;
    return file;
}

int guest_file_refuse_flags(const struct instruction *instruction, const char *source,
                            const char *const *names, struct error *error)
{
    for (; *names != NULL; names++)
        if (instruction_flag(instruction, *names) != NULL)
            return error_set(error, "%s: --%s is for trees; the file %s is taken as it is",
                             instruction->kind->name, *names, source);
    return 0;
}

int guest_file_open(const struct inode *file, const char *kind, const char *source, struct error *error)
{
    if (!S_ISREG(file->mode))
        return error_set(error, "%s: %s: neither a directory nor a file", kind, source);
    if (file->content == NULL || content_size(file->content) == 0)
        return error_set(error, "%s: %s: an empty file", kind, source);
    int fd = content_open(file->content, error);
    return fd >= 0 ? fd : error_prefix(error, "%s", kind);
}
