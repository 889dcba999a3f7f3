/* The contract of annotations (design, section 3) as one table. */
#ifndef FORMATS_CONTRACT_ANNOTATIONS_H
#define FORMATS_CONTRACT_ANNOTATIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "formats/base/error.h"

#define ANNOTATION_PREFIX "com.urunc.unikernel."

enum { ANNOTATION_MAX_PATH = 4096 }; /* bytes of a path in an annotation */

/* A validator sees plain text, not empty, and says in the error what the value must be; key and value are put
 * before it by annotation_check. */
typedef int annotation_validator(const char *value, struct error *error);

struct annotation {
    const char *key; /* behind the prefix */
    bool required;
    bool written; /* false: read for compatibility, never written */
    annotation_validator *validate;
    size_t field; /* offset in struct unikernel of the char * that holds the text */
};

/* Ends with an entry whose key is NULL. */
extern const struct annotation annotations[];

/* The entry of a full key ("com.urunc.unikernel.binary"), or NULL. */
const struct annotation *annotation_find(const char *key);

/* Whether a key stands under the prefix but is not in the table: the builder warns about those. */
bool annotation_is_unknown(const char *key);

/* Validates one value. Error: `com.urunc.unikernel.binary: "x": must be an absolute path`. */
int annotation_check(const struct annotation *annotation, const char *value, struct error *error);

/* The value in double quotes for a message, cut where it is long; owned by the caller. */
char *annotation_quote(const char *value);

/* A boolean as Go's strconv.ParseBool reads it, because older tools wrote what that takes: 1, 0 for it, -1
 * for something else. */
int annotation_boolean(const char *value);

#endif
