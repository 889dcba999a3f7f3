/* A value of TOML that is one word: a number, a boolean, a date or a time. */
#ifndef RUNTIME_CONFIG_TOML_WORD_H
#define RUNTIME_CONFIG_TOML_WORD_H

#include <jansson.h>
#include <stdbool.h>

enum { TOML_WORD_MAX = 64 }; /* bytes */

/* The value of at most TOML_WORD_MAX bytes, a date and a time as their text; NULL where the word is none of
 * these. A new reference. */
json_t *toml_word(const char *word);

/* True if the word is a date alone: a blank and a time may follow it. */
bool toml_is_date(const char *word);

#endif
