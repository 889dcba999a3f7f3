/*
 * make_tree DIR [BYTES [FILES]]: the tree that the benchmarks pack, always the same: by default 476 MB in
 * 12767 files. Sizes are spread as in a real root filesystem (half of the files below 10 KB, few of several
 * MB); of four files one is noise, as compressed or encrypted data, and three are text that gzip -6 makes
 * about three times smaller.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DICTIONARY = 4096,   /* words */
    TEXT_SIZE = 8 << 20, /* bytes of text that files are cut from */
    LARGEST = 40 << 20,  /* bytes */
    DIRECTORIES = 40,    /* and as many in each */
};

static uint64_t random_next(uint64_t *state)
{
    /* xorshift64*; the benchmarks want noise, not secrets */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static double random_unit(uint64_t *state)
{
    return (double)((random_next(state) >> 11) + 1) / 9007199254740993.0;
}

static void make_text(char *text, uint64_t *state)
{
    static char words[DICTIONARY][12];
    for (size_t i = 0; i < DICTIONARY; i++)
        for (uint64_t length = 2 + random_next(state) % 9, at = 0; at < length; at++)
            words[i][at] = (char)('a' + random_next(state) % 26);
    size_t at = 0;
    while (at < TEXT_SIZE) {
        /* The square makes some words frequent and most rare, as in prose. */
        double unit = random_unit(state);
        const char *word = words[(size_t)(unit * unit * (DICTIONARY - 1))];
        for (; *word != '\0' && at < TEXT_SIZE; word++)
            text[at++] = *word;
        if (at < TEXT_SIZE)
            text[at++] = random_next(state) % 12 == 0 ? '\n' : ' ';
    }
}

static void write_text(FILE *file, const char *text, uint64_t size, uint64_t *state)
{
    while (size > 0) {
        uint64_t at = random_next(state) % (TEXT_SIZE / 2);
        uint64_t part = size < TEXT_SIZE / 2 ? size : TEXT_SIZE / 2;
        fwrite(text + at, 1, part, file);
        size -= part;
    }
}

static void write_noise(FILE *file, uint64_t size, uint64_t *state)
{
    for (; size >= 8; size -= 8) {
        uint64_t word = random_next(state);
        fwrite(&word, 8, 1, file);
    }
    uint64_t word = random_next(state);
    fwrite(&word, 1, size, file);
}

static int make_directory(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

static int write_one(const char *root, unsigned number, uint64_t size, const char *text, uint64_t *state)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%02u", root, number % DIRECTORIES);
    if (make_directory(path) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%02u/%02u", root, number % DIRECTORIES,
             number / DIRECTORIES % DIRECTORIES);
    if (make_directory(path) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/%02u/%02u/file-%05u", root, number % DIRECTORIES,
             number / DIRECTORIES % DIRECTORIES, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return -1;
    if (number % 4 == 0)
        write_noise(file, size, state);
    else
        write_text(file, text, size, state);
    return fclose(file);
}

int main(int argc, char **argv)
{
    uint64_t bytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 476000000;
    unsigned files = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 12767;
    uint64_t state = 42;
    char *text = malloc(TEXT_SIZE);
    double *weights = calloc(files, sizeof *weights), sum = 0;
    if (argc < 2 || text == NULL || weights == NULL)
        return 2;
    make_text(text, &state);
    /* A Pareto distribution, cut off at its end. */
    for (unsigned i = 0; i < files; i++) {
        weights[i] = fmin(pow(random_unit(&state), -0.9), (double)LARGEST / 10000);
        sum += weights[i];
    }
    if (make_directory(argv[1]) < 0)
        return perror(argv[1]), 1;
    for (unsigned i = 0; i < files; i++)
        if (write_one(argv[1], i, (uint64_t)(weights[i] / sum * (double)bytes), text, &state) < 0)
            return perror(argv[1]), 1;
    free(weights);
    free(text);
    return 0;
}
