#include "runtime/sandbox/resctrl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

#define FIELD         "linux.intelRdt"
#define PLACE         "config.json: " FIELD
#define SCHEMATA_FILE "schemata"
#define TASKS_FILE    "tasks"
#define MON_GROUPS    "mon_groups"

enum { SCHEMATA_MAX = 64 << 10 }; /* bytes; the kernel gives at most a page */

/* ---- what the bundle asks for ---- */

/* One name of the file system, and none that the kernel has in every group. */
static bool is_group_name(const char *name)
{
    static const char *const taken[] = {"", ".", "..", "info", MON_GROUPS, "mon_data"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return false;
    return strlen(name) <= NAME_MAX && strpbrk(name, "/\n") == NULL;
}

static int read_class(const json_t *object, const char *where, struct resctrl_request *request,
                      struct error *error)
{
    const char *class = NULL;
    if (read_string(object, where, "closID", &class, error) < 0)
        return -1;
    if (class == NULL || *class == '\0')
        return 0;
    if (strcmp(class, "/") == 0)
        class = "";
    else if (!is_group_name(class))
        return error_set(error, "%sclosID: \"%.100s\" cannot be the name of a group", where, class);
    request->class = xstrdup(class);
    return 0;
}

/* "RESOURCE:ID=VALUE;ID=VALUE"; whether the processor has it is the kernel's to say. */
static int check_line(const char *line, const char *where, const char *key, struct error *error)
{
    const char *colon = strchr(line, ':');
    if (strchr(line, '\n') != NULL || colon == NULL || colon == line)
        return error_set(error, "%s%s: \"%.100s\" is not one line like L3:0=ff", where, key, line);
    return 0;
}

/* The older fields. A newline in the first of them is only advised against, so each line counts. */
static int read_older(const json_t *object, const char *where, struct strings *lines, struct error *error)
{
    const char *cache = NULL, *bandwidth = NULL;
    if (read_string(object, where, "l3CacheSchema", &cache, error) < 0 ||
        read_string(object, where, "memBwSchema", &bandwidth, error) < 0)
        return -1;
    cleanup_free char *copy = cache != NULL ? xstrdup(cache) : NULL;
    char *rest = copy;
    for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (*line == '\0')
            continue;
        if (check_line(line, where, "l3CacheSchema", error) < 0)
            return -1;
        strings_add(lines, line);
    }
    if (bandwidth == NULL || *bandwidth == '\0')
        return 0;
    if (strncmp(bandwidth, "MB:", 3) != 0 || strchr(bandwidth, '\n') != NULL)
        return error_set(error, "%smemBwSchema: \"%.100s\" is not one line like MB:0=50", where, bandwidth);
    strings_add(lines, bandwidth);
    return 0;
}

int resctrl_read(const json_t *linux_object, const char *file, struct resctrl_request *request,
                 struct error *error)
{
    cleanup_free char *outer = xasprintf("%s: linux.", file);
    cleanup_free char *where = xasprintf("%s: " FIELD ".", file);
    const json_t *object = NULL;
    if (read_object(linux_object, outer, "intelRdt", &object, error) < 0)
        return -1;
    request->wanted = object != NULL;
    if (read_class(object, where, request, error) < 0 ||
        read_older(object, where, &request->compared, error) < 0 ||
        read_strings(object, where, "schemata", &request->schemata, error) < 0 ||
        read_bool(object, where, "enableMonitoring", &request->monitoring, error) < 0)
        return -1;
    for (size_t i = 0; i < request->schemata.count; i++) {
        cleanup_free char *key = xasprintf("schemata[%zu]", i);
        if (check_line(request->schemata.items[i], where, key, error) < 0)
            return -1;
    }
    return 0;
}

void resctrl_request_free(struct resctrl_request *request)
{
    free(request->class);
    strings_free(&request->compared);
    strings_free(&request->schemata);
    *request = (struct resctrl_request){0};
}

/* ---- the file system ---- */

static void cleanup_mount_table(FILE **table)
{
    if (*table != NULL)
        endmntent(*table);
}

char *resctrl_find(struct error *error)
{
    __attribute__((cleanup(cleanup_mount_table))) FILE *table = setmntent("/proc/self/mounts", "re");
    struct mntent entry;
    char text[2 * PATH_MAX];
    while (table != NULL && getmntent_r(table, &entry, text, sizeof text) != NULL)
        if (strcmp(entry.mnt_type, "resctrl") == 0)
            return xstrdup(entry.mnt_dir);
    error_set(error, PLACE ": this host has no resctrl mounted; mount it at /sys/fs/resctrl where "
                           "the processor has such control, or remove the field");
    return NULL;
}

static char *group_path(const char *mount, const struct resctrl *resctrl)
{
    return *resctrl->group != '\0' ? xasprintf("%s/%s", mount, resctrl->group) : xstrdup(mount);
}

static char *monitoring_path(const char *mount, const struct resctrl *resctrl)
{
    cleanup_free char *group = group_path(mount, resctrl);
    return xasprintf("%s/" MON_GROUPS "/%s", group, resctrl->monitoring);
}

/* The kernel's own words about the last failure. */
static int add_reason(const char *mount, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/info/last_cmd_status", mount);
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error ignored = {0};
    error_prefix(error, PLACE);
    if (read_file(AT_FDCWD, path, SCHEMATA_MAX, &text, &ignored) < 0 || text.length == 0)
        return -1;
    cleanup_free char *message = xstrdup(error->message);
    text.data[strcspn(text.data, "\n")] = '\0';
    return error_numbered(error, error->number, "%s (%s)", message, text.data);
}

static int write_file(const char *directory, const char *file, const char *text, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", directory, file);
    cleanup_close int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return error_errno(error, errno, "%s: \"%.200s\"", path, text);
    return 0;
}

/* ---- comparing ---- */

/* The line of that resource, up to and with its colon; the kernel indents them. NULL where there is none. */
static const char *find_line(const char *schemata, const char *wanted)
{
    size_t length = (size_t)(strchr(wanted, ':') - wanted) + 1;
    for (const char *line = schemata; line != NULL && *line != '\0';) {
        line += strspn(line, " ");
        if (strncmp(line, wanted, length) == 0)
            return line + length;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return NULL;
}

/* Skips blanks and leading zeros, which do not count in a value. */
static const char *significant(const char *text)
{
    text += strspn(text, " ");
    while (*text == '0' && isxdigit((unsigned char)text[1]))
        text++;
    return text;
}

static size_t part_length(const char *text)
{
    return strcspn(text, ";= \n");
}

static bool same_part(const char *a, const char *b)
{
    size_t length = part_length(a);
    return length == part_length(b) && strncasecmp(a, b, length) == 0;
}

/* True where "ID=VALUE;ID=VALUE" of a line has the same ID with the same value. */
static bool has_share(const char *line, const char *share)
{
    const char *wanted = strchr(share, '=');
    for (const char *item = line; item != NULL && *item != '\n' && *item != '\0';) {
        const char *value = item + strcspn(item, "=\n");
        if (*value != '=')
            return false;
        if (same_part(significant(item), significant(share)))
            return same_part(significant(value + 1), significant(wanted + 1));
        item = value + strcspn(value, ";\n");
        item = *item == ';' ? item + 1 : NULL;
    }
    return false;
}

/* The specification: an existing group has these shares, or there is an error. */
static bool has_line(const char *schemata, const char *wanted)
{
    const char *line = find_line(schemata, wanted);
    for (const char *share = strchr(wanted, ':') + 1; share != NULL && *share != '\0';) {
        const char *end = strchr(share, ';');
        const char *equals = strchr(share, '=');
        if (line == NULL || equals == NULL || (end != NULL && equals > end) || !has_share(line, share))
            return false;
        share = end != NULL ? end + 1 : NULL;
    }
    return line != NULL;
}

static int compare(const char *directory, const struct strings *lines, struct error *error)
{
    cleanup_buffer struct buffer schemata = {0};
    cleanup_free char *path = xasprintf("%s/" SCHEMATA_FILE, directory);
    if (lines->count == 0)
        return 0;
    if (read_file(AT_FDCWD, path, SCHEMATA_MAX, &schemata, error) < 0)
        return error_prefix(error, PLACE);
    for (size_t i = 0; i < lines->count; i++)
        if (!has_line(schemata.data != NULL ? schemata.data : "", lines->items[i]))
            return error_set(error, PLACE ": \"%.200s\" is not what the existing group %s has",
                             lines->items[i], directory);
    return 0;
}

/* ---- making and removing ---- */

/* Nothing that stood there before is the container's to remove. */
static int plan(const char *mount, const struct resctrl_request *request, struct resctrl *resctrl,
                struct error *error)
{
    cleanup_free char *directory = group_path(mount, resctrl);
    bool exists = access(directory, F_OK) == 0;
    resctrl->made = request->class == NULL && !exists;
    if (!exists && request->class != NULL && request->compared.count == 0 && request->schemata.count == 0)
        return error_set(error, PLACE ".closID: there is no group %s, and no schemata to make it from",
                         directory);
    if (exists && compare(directory, &request->compared, error) < 0)
        return -1;
    cleanup_free char *monitoring = resctrl->monitoring != NULL ? monitoring_path(mount, resctrl) : NULL;
    if (monitoring != NULL && access(monitoring, F_OK) == 0)
        return error_set(error, PLACE ".enableMonitoring: the group %s is somebody else's", monitoring);
    return 0;
}

int resctrl_plan(const char *mount, const struct resctrl_request *request, const char *id,
                 struct resctrl *resctrl, struct error *error)
{
    if (!is_group_name(id))
        return error_set(error, PLACE ": no group can have the container's name \"%.100s\"", id);
    resctrl->group = xstrdup(request->class != NULL ? request->class : id);
    resctrl->monitoring = request->monitoring ? xstrdup(id) : NULL;
    if (plan(mount, request, resctrl, error) == 0)
        return 0;
    resctrl_free(resctrl);
    return -1;
}

/* All lines at once: the kernel applies them when it has read the last. */
static int write_schemata(const char *directory, const struct resctrl_request *request, bool is_new,
                          struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    for (size_t i = 0; is_new && i < request->compared.count; i++)
        buffer_format(&text, "%s\n", request->compared.items[i]);
    for (size_t i = 0; i < request->schemata.count; i++)
        buffer_format(&text, "%s\n", request->schemata.items[i]);
    return text.length > 0 ? write_file(directory, SCHEMATA_FILE, text.data, error) : 0;
}

static int make_group(const char *mount, const struct resctrl_request *request, struct resctrl *resctrl,
                      struct error *error)
{
    cleanup_free char *directory = group_path(mount, resctrl);
    bool made = *resctrl->group != '\0' && mkdir(directory, 0755) == 0;
    if (!made && *resctrl->group != '\0' && (errno != EEXIST || resctrl->made)) {
        resctrl->made = false;
        return error_errno(error, errno, "cannot make the group %s", directory);
    }
    if (write_schemata(directory, request, made, error) == 0)
        return 0;
    /* A class that others may use stays, but not one that never got its shares. */
    if (made)
        rmdir(directory);
    return -1;
}

static int make_monitoring(const char *mount, struct resctrl *resctrl, struct error *error)
{
    if (resctrl->monitoring == NULL)
        return 0;
    cleanup_free char *directory = monitoring_path(mount, resctrl);
    if (mkdir(directory, 0755) == 0)
        return 0;
    int number = errno;
    free(take_pointer(resctrl->monitoring));
    return error_errno(error, number, "cannot make the group %s", directory);
}

int resctrl_make(const char *mount, const struct resctrl_request *request, struct resctrl *resctrl,
                 struct error *error)
{
    if (make_group(mount, request, resctrl, error) == 0 && make_monitoring(mount, resctrl, error) == 0)
        return 0;
    return add_reason(mount, error);
}

int resctrl_join(const char *mount, const struct resctrl *resctrl, pid_t pid, struct error *error)
{
    char text[16];
    cleanup_free char *group = group_path(mount, resctrl);
    snprintf(text, sizeof text, "%d", (int)pid);
    if (write_file(group, TASKS_FILE, text, error) < 0)
        return add_reason(mount, error);
    if (resctrl->monitoring == NULL)
        return 0;
    cleanup_free char *monitoring = monitoring_path(mount, resctrl);
    return write_file(monitoring, TASKS_FILE, text, error) < 0 ? add_reason(mount, error) : 0;
}

static int remove_group(const char *directory, struct error *error)
{
    if (rmdir(directory) == 0 || errno == ENOENT)
        return 0;
    return error_errno(error, errno, "cannot remove the resctrl group %s", directory);
}

int resctrl_remove(const char *mount, const struct resctrl *resctrl, struct error *error)
{
    if (resctrl->group == NULL)
        return 0;
    if (resctrl->monitoring != NULL) {
        cleanup_free char *monitoring = monitoring_path(mount, resctrl);
        if (remove_group(monitoring, error) < 0)
            return -1;
    }
    cleanup_free char *group = group_path(mount, resctrl);
    return resctrl->made ? remove_group(group, error) : 0;
}

/* ---- keeping ---- */

json_t *resctrl_to_json(const struct resctrl *resctrl)
{
    if (resctrl->group == NULL)
        return NULL;
    return json_pack("{s:s, s:b, s:s*}", "group", resctrl->group, "made", (int)resctrl->made, "monitoring",
                     resctrl->monitoring);
}

int resctrl_from_json(const json_t *object, const char *file, struct resctrl *resctrl, struct error *error)
{
    const char *group = NULL, *monitoring = NULL;
    cleanup_free char *where = xasprintf("%s: resctrl.", file);
    if (object == NULL)
        return 0;
    if (read_string(object, where, "group", &group, error) < 0 ||
        read_string(object, where, "monitoring", &monitoring, error) < 0 ||
        read_bool(object, where, "made", &resctrl->made, error) < 0)
        return -1;
    /* The default group is never removed. */
    if (group == NULL || (!is_group_name(group) && (*group != '\0' || resctrl->made)))
        return error_set(error, "%sgroup: \"%.100s\" cannot be the container's", where,
                         group != NULL ? group : "");
    if (monitoring != NULL && !is_group_name(monitoring))
        return error_set(error, "%smonitoring: \"%.100s\" cannot be the container's", where, monitoring);
    resctrl->group = xstrdup(group);
    resctrl->monitoring = monitoring != NULL ? xstrdup(monitoring) : NULL;
    return 0;
}

void resctrl_free(struct resctrl *resctrl)
{
    free(resctrl->group);
    free(resctrl->monitoring);
    *resctrl = (struct resctrl){0};
}
