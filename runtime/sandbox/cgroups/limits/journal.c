#include "runtime/sandbox/cgroups/limits/journal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/cgroups/files.h"

/* How long "MAJOR:MINOR " at the beginning is; 0 where there is no device. */
static size_t device_length(const char *value)
{
    size_t major = strspn(value, "0123456789");
    if (major == 0 || value[major] != ':')
        return 0;
    size_t minor = strspn(value + major + 1, "0123456789");
    size_t length = major + 1 + minor;
    return minor > 0 && value[length] == ' ' ? length + 1 : 0;
}

/* What takes a device's limit away, in a file of that name; owned. */
static char *no_limit(const char *file, const char *device, size_t length)
{
    const char *text = strcmp(file, "io.max") == 0 ? "rbps=max wbps=max riops=max wiops=max"
                       : strstr(file, "weight") != NULL && strncmp(file, "io.", 3) == 0 ? "default"
                                                                                        : "0";
    return xasprintf("%.*s%s", (int)length, device, text);
}

/* The device's line of the text; owned. */
static char *line_of_device(const char *file, const char *text, const char *value, size_t length)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        size_t end = strcspn(line, "\n");
        if (strncmp(line, value, length) == 0)
            return xstrndup(line, end);
        line += end + (line[end] == '\n');
    }
    return no_limit(file, value, length);
}

void cgroup_journal_note(struct cgroup_journal *journal, const struct cgroup *cgroup, const char *file,
                         const char *value)
{
    cleanup_buffer struct buffer text = {0};
    if (cgroup_read(cgroup->directory, file, &text) < 0)
        return;
    const char *before = text.data != NULL ? text.data : "";
    size_t length = device_length(value);
    journal->items = xreallocarray(journal->items, journal->count + 1, sizeof *journal->items);
    journal->items[journal->count++] = (struct cgroup_entry){
        .directory = xstrdup(cgroup->directory),
        .file = xstrdup(file),
        .value = length > 0 ? line_of_device(file, before, value, length)
                            : xstrndup(before, strcspn(before, "\n")),
    };
}

int cgroup_journal_undo(const struct cgroup_journal *journal, struct error *error)
{
    int status = 0;
    for (size_t i = journal->count; i-- > 0;) {
        const struct cgroup_entry *entry = &journal->items[i];
        const struct cgroup cgroup = {.directory = entry->directory};
        /* An empty cpuset means "as above", which only an empty line says. */
        const char *value = entry->value[0] != '\0' ? entry->value : "\n";
        if (cgroup_write(&cgroup, entry->file, value, error) < 0)
            status = -1;
    }
    return status;
}

void cgroup_journal_free(struct cgroup_journal *journal)
{
    for (size_t i = 0; i < journal->count; i++) {
        free(journal->items[i].directory);
        free(journal->items[i].file);
        free(journal->items[i].value);
    }
    free(journal->items);
    *journal = (struct cgroup_journal){0};
}
