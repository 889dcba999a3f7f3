/* Who a container runs as. glibc's getpwnam reads the host's files and loads its modules, so the image's are
 * read here. */
#include "builder/bundle/passwd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/beneath.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"

enum {
    MAX_FILE = 8 << 20,
    MAX_FIELDS = 7,     /* of passwd(5); group(5) has 4 */
    MAX_GROUPS = 65536, /* Linux, NGROUPS_MAX */
};

static bool parse_id(const char *text, uint32_t *id)
{
    if (*text == '\0' || strlen(text) > 10 || strspn(text, "0123456789") != strlen(text))
        return false;
    unsigned long long value = strtoull(text, NULL, 10);
    *id = (uint32_t)value;
    return value < UINT32_MAX; /* the highest number means "nobody given" to the kernel */
}

/* A missing file is an empty one. */
static int read_table(int rootfd, const char *path, struct buffer *text, struct error *error)
{
    cleanup_close int fd = beneath_open_file(rootfd, path, O_RDONLY, BENEATH_IN_ROOT, error);
    if (fd >= 0)
        return read_all(fd, MAX_FILE, text, path, error);
    if (error->number != ENOENT && error->number != ENOTDIR)
        return -1;
    error_clear(error);
    buffer_add(text, "", 0);
    return 0;
}

/* Cuts the next line out of the text and into its fields; false at the end. */
static bool next_line(char **position, char *fields[MAX_FIELDS], size_t *count)
{
    if (*position == NULL || **position == '\0')
        return false;
    char *line = strsep(position, "\n");
    *count = 0;
    while (line != NULL && *count < MAX_FIELDS)
        fields[(*count)++] = strsep(&line, ":");
    return true;
}

/* Finds a user by name or, where `by_id` is not NULL, by number. */
static bool find_user(char *table, const char *name, const uint32_t *by_id, struct image_user *user,
                      char **user_name)
{
    char *fields[MAX_FIELDS];
    size_t count;
    while (next_line(&table, fields, &count)) {
        uint32_t uid;
        uint32_t gid;
        if (count < 6 || !parse_id(fields[2], &uid) || !parse_id(fields[3], &gid))
            continue;
        if (by_id != NULL ? uid != *by_id : strcmp(fields[0], name) != 0)
            continue;
        user->uid = uid;
        user->gid = gid;
        user->home = xstrdup(fields[5]);
        *user_name = xstrdup(fields[0]);
        return true;
    }
    return false;
}

static bool find_group(char *table, const char *name, uint32_t *gid)
{
    char *fields[MAX_FIELDS];
    size_t count;
    while (next_line(&table, fields, &count))
        if (count >= 3 && strcmp(fields[0], name) == 0 && parse_id(fields[2], gid))
            return true;
    return false;
}

static bool is_member(char *members, const char *name)
{
    char *member;
    while ((member = strsep(&members, ",")) != NULL)
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static void find_memberships(char *table, const char *name, struct image_user *user)
{
    char *fields[MAX_FIELDS];
    size_t count;
    while (next_line(&table, fields, &count)) {
        uint32_t gid;
        if (count < 4 || user->group_count == MAX_GROUPS || !parse_id(fields[2], &gid) ||
            !is_member(fields[3], name))
            continue;
        user->groups = xreallocarray(user->groups, user->group_count + 1, sizeof *user->groups);
        user->groups[user->group_count++] = gid;
    }
}

static int look_up_user(int rootfd, const char *name, struct image_user *user, char **user_name,
                        struct error *error)
{
    cleanup_buffer struct buffer table = {0};
    if (read_table(rootfd, "/etc/passwd", &table, error) < 0)
        return -1;
    uint32_t uid;
    bool is_number = parse_id(name, &uid);
    /* Docker looks a number up as a name first; nobody has such names. */
    if (find_user(table.data, name, is_number ? &uid : NULL, user, user_name))
        return 0;
    if (!is_number) {
        cleanup_free char *quoted = annotation_quote(name);
        return error_set(error, "user %s: not in the image's /etc/passwd", quoted);
    }
    user->uid = uid;
    user->gid = 0;
    return 0;
}

static int look_up_group(int rootfd, const char *name, uint32_t *gid, struct error *error)
{
    if (parse_id(name, gid))
        return 0;
    cleanup_buffer struct buffer table = {0};
    if (read_table(rootfd, "/etc/group", &table, error) < 0)
        return -1;
    if (find_group(table.data, name, gid))
        return 0;
    cleanup_free char *quoted = annotation_quote(name);
    return error_set(error, "group %s: not in the image's /etc/group", quoted);
}

static int find(int rootfd, const char *text, struct image_user *user, struct error *error)
{
    cleanup_free char *name = xstrdup(text);
    char *group = strchr(name, ':');
    if (group != NULL)
        *group++ = '\0';
    cleanup_free char *user_name = NULL;
    if (look_up_user(rootfd, *name != '\0' ? name : "0", user, &user_name, error) < 0)
        return -1;
    /* A group that is named is the only one, as with Docker. */
    if (group != NULL && *group != '\0')
        return look_up_group(rootfd, group, &user->gid, error);
    if (user_name == NULL)
        return 0;
    cleanup_buffer struct buffer table = {0};
    if (read_table(rootfd, "/etc/group", &table, error) < 0)
        return -1;
    find_memberships(table.data, user_name, user);
    return 0;
}

int image_user_find(int rootfd, const char *user, struct image_user *found, struct error *error)
{
    *found = (struct image_user){0};
    if (find(rootfd, user != NULL ? user : "", found, error) == 0)
        return 0;
    image_user_free(found);
    return -1;
}

void image_user_free(struct image_user *user)
{
    free(user->groups);
    free(user->home);
    *user = (struct image_user){0};
}
