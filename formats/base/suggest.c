/* The edit distance is that of Damerau and Levenshtein (optimal string alignment). */
#include "formats/base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST = 32 }; /* bytes of our own names; a longer word is something else */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > LONGEST || columns > LONGEST)
        return LONGEST;
    size_t cost[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= rows; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= columns; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= columns; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            size_t best = smaller(cost[i - 1][j], cost[i][j - 1]) + 1;
            best = smaller(best, cost[i - 1][j - 1] + (x != y));
            bool swapped = i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                           y == tolower((unsigned char)a[i - 2]);
            cost[i][j] = swapped ? smaller(best, cost[i - 2][j - 2] + 1) : best;
        }
    }
    return cost[rows][columns];
}

const char *suggest_nearer(const char *word, const char *best, const char *candidate)
{
    size_t limit = strlen(word) < 4 ? 1 : 2;
    size_t found = distance(word, candidate);
    if (found > limit)
        return best;
    return best == NULL || found < distance(word, best) ? candidate : best;
}
