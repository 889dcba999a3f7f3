#include "runtime/lifecycle/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

/* The state root's other names are IDs of containers, which have no '@'. */
#define FIGURES_FILE "metrics@urunc"

enum { FIGURES_MAX = 1 << 16 }; /* bytes */

#define METRICS_NAME(name) #name,
static const char *const operation_names[] = {METRICS_OPERATIONS(METRICS_NAME)};
#undef METRICS_NAME

/* Upper ends of the histogram's buckets, in milliseconds. */
static const int bucket_ends[] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};
enum { BUCKETS = sizeof bucket_ends / sizeof *bucket_ends };

/* ---- the figures: {"create": {"count", "failures", "milliseconds", "buckets": [...]}, ...} ---- */

static json_int_t figure(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void add(json_t *object, const char *key, json_int_t amount)
{
    json_object_set_new(object, key, json_integer(figure(object, key) + amount));
}

static void count(json_t *figures, enum metrics_operation operation, int64_t milliseconds, bool failed)
{
    json_t *object = json_object_get(figures, operation_names[operation]);
    if (object == NULL) {
        object = json_object();
        json_object_set_new(figures, operation_names[operation], object);
    }
    json_t *old = json_object_get(object, "buckets"), *buckets = json_array();
    for (size_t i = 0; i < BUCKETS; i++) {
        json_int_t before = json_integer_value(json_array_get(old, i));
        json_array_append_new(buckets, json_integer(before + (milliseconds <= bucket_ends[i])));
    }
    json_object_set_new(object, "buckets", buckets);
    add(object, "count", 1);
    add(object, "failures", failed);
    add(object, "milliseconds", milliseconds);
}

/* ---- the text (Prometheus, "Exposition formats") ---- */

static void add_title(struct buffer *text, const char *name, const char *type, const char *help)
{
    buffer_format(text, "# HELP urunc_%s %s\n# TYPE urunc_%s %s\n", name, help, name, type);
}

static void add_counters(struct buffer *text, const json_t *figures, const char *name, const char *key)
{
    for (size_t i = 0; i < METRICS_COUNT; i++)
        buffer_format(text, "urunc_%s{operation=\"%s\"} %lld\n", name, operation_names[i],
                      (long long)figure(json_object_get(figures, operation_names[i]), key));
}

static void add_histogram(struct buffer *text, const json_t *figures, size_t operation)
{
    const char *name = operation_names[operation];
    const json_t *object = json_object_get(figures, name), *buckets = json_object_get(object, "buckets");
    for (size_t i = 0; i < BUCKETS; i++)
        buffer_format(text, "urunc_operation_seconds_bucket{operation=\"%s\",le=\"%g\"} %lld\n", name,
                      bucket_ends[i] / 1000.0, (long long)json_integer_value(json_array_get(buckets, i)));
    long long all = figure(object, "count");
    long long milliseconds = figure(object, "milliseconds");
    buffer_format(text, "urunc_operation_seconds_bucket{operation=\"%s\",le=\"+Inf\"} %lld\n", name, all);
    buffer_format(text, "urunc_operation_seconds_sum{operation=\"%s\"} %lld.%03lld\n", name,
                  milliseconds / 1000, milliseconds % 1000);
    buffer_format(text, "urunc_operation_seconds_count{operation=\"%s\"} %lld\n", name, all);
}

static long long succeeded(const json_t *figures, enum metrics_operation operation)
{
    const json_t *object = json_object_get(figures, operation_names[operation]);
    return figure(object, "count") - figure(object, "failures");
}

char *metrics_text(const json_t *figures)
{
    struct buffer text = {0};
    add_title(&text, "operations_total", "counter", "Operations on containers, failed ones included.");
    add_counters(&text, figures, "operations_total", "count");
    add_title(&text, "operation_failures_total", "counter", "Operations that failed.");
    add_counters(&text, figures, "operation_failures_total", "failures");
    add_title(&text, "operation_seconds", "histogram", "How long operations took; start ends with the boot.");
    for (size_t i = 0; i < METRICS_COUNT; i++)
        add_histogram(&text, figures, i);
    add_title(&text, "containers", "gauge", "Containers that were created and not deleted.");
    buffer_format(&text, "urunc_containers %lld\n",
                  succeeded(figures, METRICS_create) - succeeded(figures, METRICS_delete));
    return buffer_take(&text);
}

/* ---- files ---- */

static json_t *read_figures(int fd)
{
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error ignored = {0};
    if (read_all(fd, FIGURES_MAX, &text, FIGURES_FILE, &ignored) < 0 || text.length == 0)
        return json_object();
    json_t *figures = parse_json(text.data, text.length, FIGURES_FILE, &ignored);
    if (json_is_object(figures))
        return figures;
    /* A command was killed while it wrote. */
    json_decref(figures);
    return json_object();
}

static int write_figures(int fd, const json_t *figures, struct error *error)
{
    cleanup_free char *text = json_dumps(figures, JSON_COMPACT);
    if (text == NULL || ftruncate(fd, 0) < 0)
        return error_errno(error, errno, FIGURES_FILE);
    return pwrite_all(fd, text, strlen(text), 0, FIGURES_FILE, error);
}

static int publish(const char *path, const json_t *figures, struct error *error)
{
    cleanup_free char *directory = NULL, *text = metrics_text(figures);
    path_split(path, &directory, NULL);
    cleanup_close int dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return error_errno(error, errno, "%s", directory);
    return file_replace(dirfd, path_base(path), text, strlen(text), error);
}

/* The lock is held until the text is published, so that no older one replaces a newer. */
static int record(const struct runtime *runtime, const char *path, enum metrics_operation operation,
                  int64_t milliseconds, bool failed, struct error *error)
{
    cleanup_free char *name = xasprintf("%s/" FIGURES_FILE, runtime->root);
    cleanup_close int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(error, errno, "%s", name);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_errno(error, errno, "%s", name);
    cleanup_json json_t *figures = read_figures(fd);
    count(figures, operation, milliseconds, failed);
    if (write_figures(fd, figures, error) < 0)
        return -1;
    return publish(path, figures, error);
}

void metrics_record(const struct runtime *runtime, const char *path, enum metrics_operation operation,
                    int64_t began, bool failed)
{
    cleanup_error struct error error = {0};
    if (path == NULL || record(runtime, path, operation, clock_milliseconds() - began, failed, &error) == 0)
        return;
    error_prefix(&error, "metrics");
    log_warning(&runtime->log, &error);
}
