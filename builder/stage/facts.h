/* The facts of a unikernel under construction: the keys of the contract as a stage collects them. */
#ifndef BUILDER_STAGE_FACTS_H
#define BUILDER_STAGE_FACTS_H

#include "builder/stage/build_state.h"
#include "formats/contract/annotations.h"

/* Sets the value of a key of the contract, after checking it. Line 0 is the command line. */
int facts_set(struct stage *stage, const char *key, const char *value, int line, struct error *error);

/* A label or annotation that may belong to the contract: one of its keys becomes a fact; an unknown key under
 * the prefix gets a warning; any other key means nothing here. */
int facts_take_label(const struct build *build, struct stage *stage, const char *key, const char *value,
                     int line, struct error *error);

/* Sets a key from a word of an instruction, expanded and checked. The error is in the terms of the
 * instruction. */
int facts_set_word(struct build *build, struct stage *stage, const struct instruction *instruction,
                   size_t word, const char *key, struct error *error);

/* The enum framework that the stage's facts name, or -1. */
int facts_framework(const struct stage *stage);

#endif
