/*
 * The plan of an image: every input format becomes one, and build/ executes it.
 *
 * Parsing is static: words are kept as they were written, and variables are expanded when an instruction is
 * executed, because the environment of a stage's base takes part in it.
 */
#ifndef BUILDER_SPEC_SPEC_H
#define BUILDER_SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "builder/spec/instructions.h"
#include "formats/base/buffer.h"
#include "formats/base/error.h"

enum { SPEC_MAX_SIZE = 16 << 20 }; /* bytes of a spec, here-documents included */

enum { SPEC_MAX_STAGES = 1000 };

/* A here-document (COPY <<EOF /dest). */
struct heredoc {
    char *name;    /* the word behind <<, which is also the file's name */
    char *content; /* as written, "<<-" having lost its leading tabs */
    bool expand;   /* the name was not quoted: variables are expanded */
};

/* --name=value; value is NULL for a flag without "=". */
struct flag {
    char *name;
    char *value;
};

struct instruction {
    const struct instruction_kind *kind;
    int line;   /* where it begins, counting from 1 */
    char *text; /* on one line, as written, for progress and history */
    struct flag *flags;
    size_t flag_count;
    /*
     * The arguments, unexpanded. Style PAIRS: names and values in turn. Style COMMAND: in shell form one
     * word, the command as written. A here-document stands among the words as "<<" and its name.
     */
    struct strings words;
    bool json; /* the words were a JSON array */
    struct heredoc *heredocs;
    size_t heredoc_count;
};

struct stage_plan {
    struct instruction from; /* words: base, or base AS name */
    const char *name;        /* the stage's name in `from`, or NULL */
    struct instruction *instructions;
    size_t count;
};

struct spec {
    char *file;                  /* the spec's name for messages */
    char escape;                 /* '\\', or '`' */
    struct instruction *globals; /* ARGs before the first FROM */
    size_t global_count;
    struct stage_plan *stages; /* at least one */
    size_t stage_count;
};

void instruction_free(struct instruction *instruction);
void spec_free(struct spec *spec);
#define cleanup_spec __attribute__((cleanup(spec_free)))

/* The value of a flag, or NULL; "" for a flag without a value. */
const char *instruction_flag(const struct instruction *instruction, const char *name);

#endif
