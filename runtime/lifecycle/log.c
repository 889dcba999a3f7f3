#include "runtime/lifecycle/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

int log_open(struct log *log, const char *path, const char *format, struct error *error)
{
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return error_set(error, "--log-format %s: not text or json", format);
    log->json = strcmp(format, "json") == 0;
    if (path == NULL || *path == '\0')
        return 0;
    /* A FIFO that nobody reads is an error, and not waited for. */
    log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    if (log->fd < 0 || fcntl(log->fd, F_SETFL, O_APPEND) < 0)
        return error_errno(error, errno, "--log %s", path);
    return 0;
}

/* Quotes would end the value of "msg"; owned. */
static char *quote(const char *text)
{
    struct buffer quoted = {0};
    buffer_add_char(&quoted, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buffer_add_char(&quoted, '\\');
        buffer_add_char(&quoted, *text);
    }
    buffer_add_char(&quoted, '"');
    return buffer_take(&quoted);
}

static char *format_line(const struct log *log, const char *level, const char *text)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    if (!log->json) {
        cleanup_free char *quoted = quote(text);
        return xasprintf("time=\"%s\" level=%s msg=%s\n", when, level, quoted);
    }
    cleanup_json json_t *line = json_pack("{s:s, s:s, s:s}", "level", level, "msg", text, "time", when);
    cleanup_free char *encoded = json_dumps(line, JSON_COMPACT);
    return xasprintf("%s\n", encoded);
}

void log_line(const struct log *log, enum log_level level, const char *text)
{
    static const struct {
        const char *name;
        const char *prefix;
    } levels[] = {
        [LOG_LEVEL_ERROR] = {"error", ""},
        [LOG_LEVEL_WARNING] = {"warning", "warning: "},
        [LOG_LEVEL_DEBUG] = {"debug", "debug: "},
    };
    if (level == LOG_LEVEL_DEBUG && !log->debug)
        return;
    cleanup_free char *printable = text_printable(text); /* so it is UTF-8, too, which JSON must be */
    if (level != LOG_LEVEL_DEBUG || log->fd < 0)
        fprintf(stderr, "urunc: %s%s\n", levels[level].prefix, printable);
    if (log->fd < 0)
        return;
    cleanup_error struct error ignored = {0};
    cleanup_free char *line = format_line(log, levels[level].name, printable);
    write_all(log->fd, line, strlen(line), "--log", &ignored);
}

void log_warning(const struct log *log, struct error *error)
{
    log_line(log, LOG_LEVEL_WARNING, error->message != NULL ? error->message : "something failed");
    error_clear(error);
}

void log_warning_of(void *log, struct error *error)
{
    log_warning(log, error);
}
