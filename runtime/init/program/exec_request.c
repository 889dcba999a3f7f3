#include "runtime/init/program/exec_request.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A decimal number of at most `max` up to `end`, at which *position is then. */
static bool read_number(const char **position, char end, uint32_t max, uint32_t *number)
{
    char *behind = NULL;
    if (**position < '0' || **position > '9')
        return false;
    unsigned long long value = strtoull(*position, &behind, 10);
    if (value > max || *behind != end)
        return false;
    *number = (uint32_t)value;
    *position = behind;
    return true;
}

enum {
    ID_MAX = UINT32_MAX - 1, /* -1 means "leave it" to setresuid(2) */
    LIMITS = 16,             /* RLIM_NLIMITS of linux/resource.h */
};

static bool read_pair(const char *text, char separator, uint32_t max, uint32_t *first, uint32_t *second)
{
    if (!read_number(&text, separator, max, first))
        return false;
    text++;
    return read_number(&text, '\0', max, second);
}

static bool read_size(const char *text, struct exec_request *request)
{
    uint32_t rows = 0;
    uint32_t columns = 0;
    if (!read_pair(text, 'x', UINT16_MAX, &rows, &columns))
        return false;
    request->terminal = true;
    request->rows = (uint16_t)rows;
    request->columns = (uint16_t)columns;
    return true;
}

static bool read_value(const char **position, char end, uint64_t *value)
{
    char *behind = NULL;
    if (**position < '0' || **position > '9')
        return false;
    errno = 0;
    *value = strtoull(*position, &behind, 10);
    *position = behind;
    return errno == 0 && *behind == end;
}

static bool read_limit(const char *text, struct launch_limit *limit)
{
    if (!read_number(&text, ':', LIMITS - 1, &limit->resource))
        return false;
    text++;
    if (!read_value(&text, ':', &limit->soft))
        return false;
    text++;
    return read_value(&text, '\0', &limit->hard) && limit->soft <= limit->hard;
}

/* What one item adds at `counts`, the number of arguments, variables, groups and limits that came before. */
struct counts {
    size_t arguments;
    size_t variables;
    size_t groups;
    size_t limits;
};

static bool take_item(char *item, struct counts *counts, struct exec_request *request)
{
    struct launch *launch = &request->launch;
    char *text = item + 1;
    const char *number = text;
    switch (*item) {
    case CHANNEL_ARGUMENT:
        request->argv[counts->arguments++] = text;
        return true;
    case CHANNEL_VARIABLE:
        request->env[counts->variables++] = text;
        return strchr(text, '=') > text;
    case CHANNEL_DIRECTORY:
        launch->cwd = text;
        return *text == '/';
    case CHANNEL_USER:
        launch->has_user = true;
        return read_pair(text, ':', ID_MAX, &launch->uid, &launch->gid);
    case CHANNEL_GROUP:
        return read_number(&number, '\0', ID_MAX, &request->groups[counts->groups++]);
    case CHANNEL_LIMIT:
        return read_limit(text, &request->limits[counts->limits++]);
    case CHANNEL_TERMINAL:
        return read_size(text, request);
    case CHANNEL_SEALED:
        launch->sealed = true;
        return *text == '\0';
    default:
        return false;
    }
}

static struct counts count_items(const char *bytes, size_t size)
{
    struct counts counts = {0};
    for (const char *item = bytes; item < bytes + size; item += strlen(item) + 1) {
        counts.arguments += *item == CHANNEL_ARGUMENT;
        counts.variables += *item == CHANNEL_VARIABLE;
        counts.groups += *item == CHANNEL_GROUP;
        counts.limits += *item == CHANNEL_LIMIT;
    }
    return counts;
}

static bool take_items(char *bytes, size_t size, struct exec_request *request)
{
    struct counts counts = {0};
    for (char *item = bytes; item < bytes + size; item += strlen(item) + 1)
        if (!take_item(item, &counts, request))
            return false;
    request->launch.group_count = counts.groups;
    request->launch.limit_count = counts.limits;
    return counts.arguments > 0;
}

int exec_request_parse(char *bytes, size_t size, struct exec_request *request)
{
    *request = (struct exec_request){.launch = {.cwd = "/"}};
    if (size == 0 || bytes[size - 1] != '\0')
        return EINVAL;
    struct counts counts = count_items(bytes, size);
    request->argv = calloc(counts.arguments + 1, sizeof *request->argv);
    request->env = calloc(counts.variables + 1, sizeof *request->env);
    request->groups = calloc(counts.groups + 1, sizeof *request->groups);
    request->limits = calloc(counts.limits + 1, sizeof *request->limits);
    if (request->argv == NULL || request->env == NULL || request->groups == NULL || request->limits == NULL)
        return ENOMEM;
    request->launch.argv = request->argv;
    request->launch.env = request->env;
    request->launch.groups = request->groups;
    request->launch.limits = request->limits;
    return take_items(bytes, size, request) ? 0 : EINVAL;
}

void exec_request_free(struct exec_request *request)
{
    free(request->argv);
    free(request->env);
    free(request->groups);
    free(request->limits);
    *request = (struct exec_request){0};
}
