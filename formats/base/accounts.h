/*
 * The lines of /etc/passwd and /etc/group. An image's and a stage's are read as text: glibc's getpwnam would
 * read the host's and load its modules.
 */
#ifndef FORMATS_BASE_ACCOUNTS_H
#define FORMATS_BASE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ACCOUNTS_MAX_FILE = 8 << 20, /* bytes; a larger file is refused */
    ACCOUNT_FIELDS = 7,          /* of passwd(5); group(5) has 4 */
};

struct account {
    char *fields[ACCOUNT_FIELDS]; /* part of the text; NULL behind the last */
    size_t count;
};

/* Cuts the next line out of the text, in place, and into its fields; false at the text's end. */
bool account_next(char **text, struct account *account);

/* A decimal number of 32 bits but for the highest, which means "nobody given" to the kernel. */
bool account_parse_id(const char *text, uint32_t *id);

#endif
