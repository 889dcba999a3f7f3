/* Release by scope: cleanup attributes that make an early return safe. */
#ifndef FORMATS_BASE_CLEANUP_H
#define FORMATS_BASE_CLEANUP_H

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_(void *pointer)
{
    free(*(void **)pointer);
}

static inline void cleanup_close_(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_fclose_(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static inline void cleanup_closedir_(DIR **directory)
{
    if (*directory != NULL)
        closedir(*directory);
}

static inline void cleanup_json_(json_t **json)
{
    json_decref(*json);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_)))
/* The variable holds a descriptor or a negative number. errno may change. */
#define cleanup_close    __attribute__((cleanup(cleanup_close_)))
#define cleanup_fclose   __attribute__((cleanup(cleanup_fclose_)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedir_)))
#define cleanup_json     __attribute__((cleanup(cleanup_json_)))

/* Hands a resource on: returns the value and leaves `empty` behind, so that the scope's end releases nothing.
 */
#define take(variable, empty)                                                                                \
    ({                                                                                                       \
        __typeof__(variable) taken_ = (variable);                                                            \
        (variable) = (empty);                                                                                \
        taken_;                                                                                              \
    })
#define take_pointer(variable) take(variable, NULL)
#define take_fd(variable)      take(variable, -1)

#endif
