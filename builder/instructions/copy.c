/* COPY: files of the context, of a stage, or of here-documents. */
#include <stdlib.h>
#include <string.h>

#include "builder/context/pattern.h"
#include "builder/instructions/handlers.h"
#include "builder/stage/changeset.h"
#include "builder/stage/ownership.h"
#include "builder/stage/scope.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

/* One COPY while it is executed. */
struct copy {
    struct build *build;
    struct stage *stage;
    const struct instruction *instruction;
    struct files *files;
    struct ownership ownership;
    struct changeset changeset;
    char *destination; /* absolute */
    bool into;         /* it must be a directory, since there is more than one source */
    size_t added;
};

static void copy_free(struct copy *copy)
{
    ownership_free(&copy->ownership);
    changeset_free(&copy->changeset);
    free(copy->destination);
}

static int add(struct copy *copy, const char *name, struct inode *inode, struct error *error)
{
    copy->added++;
    if (S_ISDIR(inode->mode))
        return changeset_add_contents(&copy->changeset, copy->destination, inode, error);
    cleanup_free char *path =
        changeset_add_file(&copy->changeset, copy->destination, name, copy->into, inode, error);
    return path != NULL ? 0 : -1;
}

static int copy_path(struct copy *copy, const char *path, bool from_wildcard, struct error *error)
{
    struct inode *loaded = copy->files->load(copy->files, path, error);
    if (loaded == NULL && from_wildcard && error->kind == ERROR_KIND_EXCLUDED) {
        error_clear(error);
        return 0;
    }
    if (loaded == NULL)
        return -1;
    cleanup_inode struct inode *inode = ownership_apply(&copy->ownership, loaded);
    cleanup_free char *name = NULL;
    path_split(path, NULL, &name);
    return add(copy, name, inode, error);
}

static int copy_source(struct copy *copy, const char *source, struct error *error)
{
    cleanup_strings struct strings matches = {0};
    bool wild = pattern_is_wild(source);
    if (files_glob(copy->files, source, &matches, error) < 0)
        return -1;
    /* Several matches need a directory as much as several sources do. */
    copy->into = copy->into || matches.count > 1;
    for (size_t i = 0; i < matches.count; i++)
        if (copy_path(copy, matches.items[i], wild, error) < 0)
            return -1;
    return 0;
}

static int copy_heredoc(struct copy *copy, const struct heredoc *heredoc, struct error *error)
{
    const char *name = heredoc->name;
    if (strchr(name, '/') != NULL || path_is_dot(name))
        return error_set(error, "<<%s: not a name that a file can have", name);
    cleanup_free char *expanded = NULL;
    if (heredoc->expand) {
        struct expand_scope scope = scope_variables(copy->build, copy->stage);
        expanded = expand_heredoc(&scope, heredoc->content, error);
        if (expanded == NULL)
            return error_prefix(error, "<<%s", name);
    }
    const char *content = expanded != NULL ? expanded : heredoc->content;
    struct inode *file = inode_new(S_IFREG | 0644);
    file->mtime = copy->build->time;
    file->content = content_of_memory(content, strlen(content));
    cleanup_inode struct inode *inode = ownership_apply(&copy->ownership, file);
    return add(copy, name, inode, error);
}

static const struct heredoc *find_heredoc(const struct instruction *instruction, const char *word)
{
    for (size_t i = 0; i < instruction->heredoc_count; i++)
        if (strncmp(word, "<<", 2) == 0 && strcmp(word + 2, instruction->heredocs[i].name) == 0)
            return &instruction->heredocs[i];
    return NULL;
}

static int copy_word(struct copy *copy, const char *word, struct error *error)
{
    const struct heredoc *heredoc = find_heredoc(copy->instruction, word);
    if (heredoc != NULL)
        return copy_heredoc(copy, heredoc, error);
    cleanup_free char *source = scope_expand(copy->build, copy->stage, word, error);
    if (source == NULL)
        return -1;
    if (*source == '\0')
        return error_set(error, "a source is empty: %s", word);
    return copy_source(copy, source, error);
}

static int read_flags(struct copy *copy, struct error *error)
{
    cleanup_free char *owner = NULL;
    cleanup_free char *mode = NULL;
    if (scope_flag(copy->build, copy->stage, copy->instruction, "chown", &owner, error) < 0 ||
        scope_flag(copy->build, copy->stage, copy->instruction, "chmod", &mode, error) < 0)
        return -1;
    if (owner != NULL && ownership_parse_owner(copy->stage->root, owner, &copy->ownership, error) < 0)
        return -1;
    if (mode != NULL && ownership_parse_mode(mode, &copy->ownership, error) < 0)
        return -1;
    copy->changeset.uid = copy->ownership.uid;
    copy->changeset.gid = copy->ownership.gid;
    if (mode != NULL)
        copy->changeset.mode = copy->ownership.mode;
    return 0;
}

static int run_copy(struct copy *copy, struct error *error)
{
    const struct strings *words = &copy->instruction->words;
    struct tree_files space;
    copy->files = scope_files(copy->build, copy->instruction, &space, error);
    if (copy->files == NULL || read_flags(copy, error) < 0)
        return -1;
    cleanup_free char *destination =
        scope_expand(copy->build, copy->stage, words->items[words->count - 1], error);
    if (destination == NULL)
        return -1;
    if (*destination == '\0')
        return error_set(error, "the destination is empty: %s", words->items[words->count - 1]);
    copy->destination = scope_absolute_path(copy->stage, destination);
    copy->into = words->count > 2;
    if (copy->into && !changeset_is_directory(&copy->changeset, copy->destination))
        return error_set(error, "%s: several sources need a directory as their destination; end it in \"/\"",
                         destination);
    for (size_t i = 0; i + 1 < words->count; i++)
        if (copy_word(copy, words->items[i], error) < 0)
            return -1;
    if (copy->added == 0)
        return error_set(error, "no file matches %s", words->items[0]);
    changeset_end(&copy->changeset, copy->instruction->text);
    return 0;
}

int execute_copy(struct build *build, struct stage *stage, const struct instruction *instruction,
                 struct error *error)
{
    __attribute__((cleanup(copy_free))) struct copy copy = {
        .build = build,
        .stage = stage,
        .instruction = instruction,
        .changeset = changeset_begin(stage, build->time),
    };
    return run_copy(&copy, error) == 0 ? 0 : error_prefix(error, "COPY");
}
