#include "builder/stage/stage.h"

#include <stdlib.h>
#include <string.h>

#include "builder/stage/variables.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"

void stage_init(struct stage *stage, const struct stage_plan *plan, size_t number, int64_t time)
{
    *stage = (struct stage){.plan = plan, .root = inode_new(S_IFDIR | 0755)};
    stage->root->mtime = time;
    stage->title = plan->name != NULL ? xstrdup(plan->name) : xasprintf("%zu", number);
    stage->config.created = time;
    variables_set(&stage->variables, "PATH", PROGRAM_PATH); /* seen; written where an ENV sets it */
    stage->config.labels = json_object();
}

static char *copy_text(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static void copy_config(struct image_config *to, const struct image_config *from)
{
    *to = (struct image_config){
        .author = copy_text(from->author),
        .created = from->created,
        .user = copy_text(from->user),
        .working_dir = copy_text(from->working_dir),
        .stop_signal = copy_text(from->stop_signal),
        .labels = json_copy(from->labels), /* values are strings, which nothing changes */
    };
    strings_add_all(&to->env, &from->env);
    strings_add_all(&to->entrypoint, &from->entrypoint);
    strings_add_all(&to->cmd, &from->cmd);
    strings_add_all(&to->ports, &from->ports);
    strings_add_all(&to->volumes, &from->volumes);
    for (size_t i = 0; i < from->history_count; i++)
        image_config_add_history(to, from->history[i].created_by, from->history[i].comment,
                                 from->history[i].empty_layer);
}

void stage_inherit(struct stage *stage, const struct stage *base)
{
    inode_unref(stage->root);
    stage->root = tree_copy(base->root);
    image_config_free(&stage->config);
    copy_config(&stage->config, &base->config);
    strings_free(&stage->variables);
    strings_add_all(&stage->variables, &base->variables);
    strings_add_all(&stage->declared, &base->declared);
    stage->layers = xcalloc(base->layer_count, sizeof *stage->layers);
    for (size_t i = 0; i < base->layer_count; i++)
        stage->layers[stage->layer_count++] =
            (struct stage_layer){inode_ref(base->layers[i].tree), xstrdup(base->layers[i].created_by)};
    for (size_t i = 0; i < base->fact_count; i++) {
        const struct fact *fact = &base->facts[i];
        stage_set_fact(stage, fact->key, fact->value, fact->line)->by_label = fact->by_label;
    }
    stage->shell_form_line = base->shell_form_line;
    stage->guest_init_line = base->guest_init_line;
    stage->guest_init_own = base->guest_init_own;
}

void stage_add_layer(struct stage *stage, struct inode *tree, const char *created_by)
{
    stage->layers = xreallocarray(stage->layers, stage->layer_count + 1, sizeof *stage->layers);
    stage->layers[stage->layer_count++] = (struct stage_layer){inode_ref(tree), xstrdup(created_by)};
    image_config_add_history(&stage->config, created_by, NULL, false);
}

void stage_add_history(struct stage *stage, const struct instruction *instruction)
{
    image_config_add_history(&stage->config, instruction->text, NULL, true);
}

void stage_add_archive(struct stage *stage, const struct guest_archive *archive)
{
    stage->archives = xreallocarray(stage->archives, stage->archive_count + 1, sizeof *stage->archives);
    stage->archives[stage->archive_count++] = *archive;
}

void stage_set_text(char **field, char *text)
{
    free(*field);
    *field = text;
}

const struct fact *stage_fact(const struct stage *stage, const char *key)
{
    for (size_t i = 0; i < stage->fact_count; i++)
        if (strcmp(stage->facts[i].key, key) == 0)
            return &stage->facts[i];
    return NULL;
}

int stage_fact_line(const struct stage *stage, const char *key)
{
    const struct fact *fact = stage_fact(stage, key);
    return fact != NULL ? fact->line : 0;
}

struct fact *stage_set_fact(struct stage *stage, const char *key, const char *value, int line)
{
    struct fact *fact = (struct fact *)stage_fact(stage, key);
    if (fact == NULL) {
        stage->facts = xreallocarray(stage->facts, stage->fact_count + 1, sizeof *stage->facts);
        fact = &stage->facts[stage->fact_count++];
        *fact = (struct fact){.key = xstrdup(key)};
    }
    free(fact->value);
    fact->value = xstrdup(value);
    fact->line = line;
    fact->by_label = false;
    return fact;
}

static void archive_free(struct guest_archive *archive)
{
    inode_unref(archive->tree);
    inode_unref(archive->file);
    free(archive->label);
    free(archive->mount_point);
}

void stage_free(struct stage *stage)
{
    free(stage->title);
    inode_unref(stage->root);
    for (size_t i = 0; i < stage->layer_count; i++) {
        inode_unref(stage->layers[i].tree);
        free(stage->layers[i].created_by);
    }
    free(stage->layers);
    image_config_free(&stage->config);
    strings_free(&stage->variables);
    strings_free(&stage->declared);
    platform_free(&stage->platform);
    for (size_t i = 0; i < stage->fact_count; i++) {
        free(stage->facts[i].key);
        free(stage->facts[i].value);
    }
    free(stage->facts);
    for (size_t i = 0; i < stage->archive_count; i++)
        archive_free(&stage->archives[i]);
    free(stage->archives);
    *stage = (struct stage){0};
}
