/* "Did you mean ...?" */
#ifndef FORMATS_BASE_SUGGEST_H
#define FORMATS_BASE_SUGGEST_H

/*
 * Of two candidates for what the user meant by `word`, the nearer: `best` (NULL at first) or `candidate`. A
 * candidate counts only when it is a plausible slip (at most two edits, fewer in a short word; letters of
 * either case are the same). Call it once for each candidate.
 */
const char *suggest_nearer(const char *word, const char *best, const char *candidate);

#endif
