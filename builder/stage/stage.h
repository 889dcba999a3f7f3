/* A stage in the making: a tree, the layers that it grew from, a config, and the facts of the contract. */
#ifndef BUILDER_STAGE_STAGE_H
#define BUILDER_STAGE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "builder/image/new_image.h"
#include "builder/spec/spec.h"
#include "formats/oci/platform.h"
#include "formats/tree/tree.h"

/* The changes of one filesystem instruction, parent directories included. */
struct stage_layer {
    struct inode *tree;
    char *created_by;
};

/* One annotation of the contract (docs/architecture.md, "The contract"), and the line that said so; 0 is the
 * command line. */
struct fact {
    char *key; /* full: "com.urunc.unikernel.binary" */
    char *value;
    int line;
    bool by_label; /* said by LABEL, --label or --annotation, as files for other tools do */
};

/* An initrd or block image that is made when the stage's last instruction was executed: by then it is known
 * whether the guest needs an init of ours, wherever in the stage UNIKERNEL and CMD stand. */
struct guest_archive {
    const struct instruction *instruction; /* INITRD or BLOCK */
    struct inode *tree;                    /* what goes into it */
    struct inode *file;                    /* the file in the stage's tree that gets it as its content */
    enum compression compression;          /* INITRD */
    char *label;                           /* BLOCK, as the next three; or NULL */
    char *mount_point;                     /* or NULL */
    uint64_t size;                         /* bytes */
    bool size_is_extra;
};

struct stage {
    const struct stage_plan *plan;
    char *title; /* for messages: the name, or the number */
    bool needed; /* the target is built from it */
    struct inode *root;
    struct stage_layer *layers; /* lowest first */
    size_t layer_count;
    struct image_config config;
    struct strings variables; /* "NAME=value": what words see, of ENV and ARG the later */
    struct strings declared;  /* names of all ARGs, also of those that have no value */
    struct platform platform; /* of FROM --platform; os NULL: not given */
    struct fact *facts;
    size_t fact_count;
    struct guest_archive *archives;
    size_t archive_count;
    int cmd_line;        /* of the CMD of this stage; 0: none */
    int shell_form_line; /* of a CMD or ENTRYPOINT in shell form that is in force; 0: none */
    int guest_init_line; /* of an INITRD or BLOCK that boots through /urunc-init; 0: none */
    bool guest_init_own; /* one of these got the init of --guest-init or ours, not the spec's */
};

/* An empty stage for a plan: FROM scratch. `number` counts from 0. */
void stage_init(struct stage *stage, const struct stage_plan *plan, size_t number, int64_t time);

/* Goes on where another stage, which is complete, ended: tree, layers, config and facts. */
void stage_inherit(struct stage *stage, const struct stage *base);

/* Adds a layer that was merged into the tree before, with its line of history. Takes a reference of its own.
 */
void stage_add_layer(struct stage *stage, struct inode *tree, const char *created_by);

/* History of an instruction that changes no files. */
void stage_add_history(struct stage *stage, const struct instruction *instruction);

/* Adds an archive to be made. Takes over what it holds. */
void stage_add_archive(struct stage *stage, const struct guest_archive *archive);

/* Replaces a text of the config; takes `text` over. */
void stage_set_text(char **field, char *text);

/* The fact of a key, or NULL. */
const struct fact *stage_fact(const struct stage *stage, const char *key);
/* The line that said it; 0 where nothing did, or the command line. */
int stage_fact_line(const struct stage *stage, const char *key);
/* Sets or replaces it, not by label, and returns it. Values are not checked here. */
struct fact *stage_set_fact(struct stage *stage, const char *key, const char *value, int line);

void stage_free(struct stage *stage);

#endif
