/*
 * One failure on its way to the user: what failed, on what, why, what to do.
 *
 * Convention: a function that can fail takes `struct error *` last and returns 0 or a value, and on failure
 * -1 or NULL with the error set. The error is printed once, by main. Nobody prints and returns.
 */
#ifndef FORMATS_BASE_ERROR_H
#define FORMATS_BASE_ERROR_H

#include <stdbool.h>

/* Facts about a failure that a caller may act on and no errno says. */
enum error_kind {
    ERROR_KIND_NONE,
    ERROR_KIND_LOCATED,  /* the message starts with its location in a file, "FILE:LINE: " */
    ERROR_KIND_EXCLUDED, /* the file is there, but is left out on purpose (by an ignore file) */
};

struct error {
    char *message; /* owned; NULL as long as nothing failed; one line, without a newline at its end */
    int number;    /* the errno behind it, or 0 */
    enum error_kind kind;
};

/*
 * Each has the value -1, so that callers write `return error_set(...)`; they are macros so that compilers and
 * analyzers see it, too. What the format yields may hold names from hostile input: the message is made
 * printable (text_printable) and bounded, by taking the middle out of words of more than 600 bytes and out of
 * a message of more than 4000.
 *
 * error_set(error, format, ...): sets the message, releasing an earlier one.
 * error_numbered(error, number, format, ...): the same; error->number is the errno value `number`.
 * error_errno(error, number, format, ...): the same, with ": " and the text of `number` behind it.
 * error_prefix(error, format, ...): puts "prefix: " before the message that is set; number and kind stay.
 */
#define error_set(...)                                                                                       \
    ({                                                                                                       \
        error_set_message(__VA_ARGS__);                                                                      \
        -1;                                                                                                  \
    })
#define error_numbered(...)                                                                                  \
    ({                                                                                                       \
        error_set_numbered(__VA_ARGS__);                                                                     \
        -1;                                                                                                  \
    })
#define error_errno(...)                                                                                     \
    ({                                                                                                       \
        error_set_errno(__VA_ARGS__);                                                                        \
        -1;                                                                                                  \
    })
#define error_prefix(...)                                                                                    \
    ({                                                                                                       \
        error_add_prefix(__VA_ARGS__);                                                                       \
        -1;                                                                                                  \
    })

void error_set_message(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_set_numbered(struct error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void error_set_errno(struct error *error, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void error_add_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline bool error_is_set(const struct error *error)
{
    return error->message != 0;
}

/* Releases the message; the struct can be used again. */
void error_clear(struct error *error);

#define cleanup_error __attribute__((cleanup(error_clear)))

#endif
