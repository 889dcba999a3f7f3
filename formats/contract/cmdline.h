/* The words of a cmdline annotation: older builders wrote them into the image's config.Cmd as well (bima),
 * where readers look that know no annotation of that name. */
#ifndef FORMATS_CONTRACT_CMDLINE_H
#define FORMATS_CONTRACT_CMDLINE_H

#include <stdbool.h>

#include "formats/base/buffer.h"

/* Adds the words, which are what stands between blanks; quotes mean nothing here. */
void cmdline_words(const char *cmdline, struct strings *words);

/* True where arguments are the words of the annotation, so that they say nothing of their own. Empty
 * arguments, which bima makes of two blanks, do not count. */
bool cmdline_words_are(const char *cmdline, const struct strings *args);

#endif
