/* The syntax of each instruction, and what else is known of it before it is executed. */
#ifndef BUILDER_SPEC_INSTRUCTIONS_H
#define BUILDER_SPEC_INSTRUCTIONS_H

#include <stdbool.h>

#include "builder/spec/instruction_list.h"

#define INSTRUCTION_ID(id, ...) INSTRUCTION_##id,
enum instruction_id { INSTRUCTION_LIST(INSTRUCTION_ID) INSTRUCTION_COUNT };
#undef INSTRUCTION_ID

/* How the rest of the line is read (BuildKit's parser is the reference). */
enum argument_style {
    STYLE_WORDS,   /* words between blanks; quotes do not group them, a JSON array does */
    STYLE_TEXT,    /* the rest of the line is one word */
    STYLE_COMMAND, /* a JSON array, or a shell command */
    STYLE_PAIRS,   /* name=value ..., or the older "name the whole rest" */
    STYLE_NAMES,   /* name or name=value ... */
};

enum { INSTRUCTION_MAX_FLAGS = 6 };

struct instruction_kind {
    const char *name;
    enum instruction_id id; /* INSTRUCTION_COUNT where nothing executes it */
    enum argument_style style;
    unsigned minimum; /* words; pairs count as one */
    unsigned maximum; /* 0: any number */
    bool json;        /* words may come as a JSON array (style WORDS) */
    bool heredocs;
    const char *flags[INSTRUCTION_MAX_FLAGS]; /* ends with NULL */
    const char *usage;
    const char *instead; /* not NULL: known and not built; what to do instead */
};

/* Ends with an entry whose name is NULL. */
extern const struct instruction_kind instruction_kinds[];

/* Names are the same in any case. NULL for an unknown instruction. */
const struct instruction_kind *instruction_kind_find(const char *name);

#endif
