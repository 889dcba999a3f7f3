#include "runtime/storage/mount_table.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* The next field, with a NUL behind it; NULL where there is none. */
static char *next_field(char **rest)
{
    char *field = strsep(rest, " ");
    return field != NULL && *field != '\0' ? field : NULL;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
bool mount_line_parse(const char *line, struct mount_line *mount)
{
    enum { ID, PARENT, DEVICE, ROOT, POINT, FLAGS, FIRST };
    cleanup_free char *copy = xstrndup(line, strcspn(line, "\n"));
    char *rest = copy, *fields[FIRST] = {0};
    unsigned major = 0, minor = 0;
    for (int i = 0; i < FIRST; i++)
        if ((fields[i] = next_field(&rest)) == NULL)
            return false;
    const char *field = next_field(&rest);
    while (field != NULL && strcmp(field, "-") != 0)
        field = next_field(&rest);
    const char *type = next_field(&rest), *source = strsep(&rest, " "), *options = next_field(&rest);
    if (options == NULL || type == NULL || source == NULL ||
        sscanf(fields[DEVICE], "%u:%u", &major, &minor) != 2)
        return false;
    *mount = (struct mount_line){
        .id = strtoull(fields[ID], NULL, 10),
        .device = makedev(major, minor),
        .root = xstrdup(fields[ROOT]),
        .type = xstrdup(type),
        .source = xstrdup(source),
        .options = xstrdup(options),
    };
    return true;
}

void mount_line_free(struct mount_line *mount)
{
    free(mount->root);
    free(mount->type);
    free(mount->source);
    free(mount->options);
    *mount = (struct mount_line){0};
}

static FILE *open_table(void)
{
    return fopen("/proc/self/mountinfo", "re");
}

bool mount_table_find(int fd, struct mount_line *mount)
{
    struct statx status;
    const uint64_t root = STATX_ATTR_MOUNT_ROOT;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0 || !(status.stx_mask & STATX_MNT_ID) ||
        !(status.stx_attributes & root))
        return false;
    cleanup_fclose FILE *table = open_table();
    cleanup_free char *line = NULL;
    size_t size = 0;
    while (table != NULL && getline(&line, &size, table) > 0) {
        cleanup_mount_line struct mount_line found = {0};
        if (!mount_line_parse(line, &found) || found.id != status.stx_mnt_id)
            continue;
        *mount = take(found, (struct mount_line){0});
        return true;
    }
    return false;
}

unsigned mount_table_count(dev_t device)
{
    unsigned count = 0;
    cleanup_fclose FILE *table = open_table();
    cleanup_free char *line = NULL;
    size_t size = 0;
    while (table != NULL && getline(&line, &size, table) > 0) {
        cleanup_mount_line struct mount_line found = {0};
        count += mount_line_parse(line, &found) && found.device == device;
    }
    return count;
}
