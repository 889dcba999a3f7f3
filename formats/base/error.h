/*
 * One failure on its way to the user: what failed, on what, why, what to do.
 *
 * Convention: a function that can fail takes `struct error *` last and returns 0 or a value, and on failure
 * -1 or NULL with the error set. The error is printed once, by main. Nobody prints and returns.
 */
#ifndef FORMATS_BASE_ERROR_H
#define FORMATS_BASE_ERROR_H

#include <stdbool.h>

struct error {
    char *message; /* owned; NULL as long as nothing failed; one line, without a newline at its end */
    int number;    /* the errno behind it, or 0 */
};

/*
 * Each has the value -1, so that callers write `return error_set(...)`; they are macros so that compilers and
 * analyzers see it, too. Control characters in what the format yields (names from hostile input) are replaced
 * by `\xNN`, so the message stays one line.
 *
 * error_set(error, format, ...): sets the message, releasing an earlier one.
 * error_errno(error, number, format, ...): the same, with ": " and the text of `number`, an errno value,
 * behind it. error_prefix(error, format, ...): puts "prefix: " before the message that is set.
 */
#define error_set(...)                                                                                       \
    ({                                                                                                       \
        error_set_message(__VA_ARGS__);                                                                      \
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
