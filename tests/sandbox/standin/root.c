#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/sandbox/standin/json.h"
#include "tests/sandbox/standin/report.h"

enum { ENTRIES = 4000 }; /* a root that holds more is not a private one */

static int entries;

static char letter_of(mode_t mode)
{
    return S_ISDIR(mode)    ? 'd'
           : S_ISREG(mode)  ? '-'
           : S_ISCHR(mode)  ? 'c'
           : S_ISBLK(mode)  ? 'b'
           : S_ISLNK(mode)  ? 'l'
           : S_ISFIFO(mode) ? 'p'
                            : 's';
}

/* Where the entry lies: "ro,nosuid,nodev,noexec", in this order. */
static void report_flags(const char *path)
{
    static const struct {
        unsigned long flag;
        const char *name;
    } names[] = {{ST_RDONLY, "ro"}, {ST_NOSUID, "nosuid"}, {ST_NODEV, "nodev"}, {ST_NOEXEC, "noexec"}};
    struct statvfs status = {0};
    char text[64] = "";
    if (statvfs(path, &status) == 0)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (status.f_flag & names[i].flag) {
                strcat(text, *text != '\0' ? "," : "");
                strcat(text, names[i].name);
            }
    json_text("mount", text);
}

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static void report_entry(const char *path, const struct stat *status)
{
    json_open(NULL, '{');
    json_text("path", path);
    json_format("type", "%c", letter_of(status->st_mode));
    json_format("mode", "%04o", status->st_mode & 07777);
    json_format("owner", "%u:%u", status->st_uid, status->st_gid);
    json_number("size", status->st_size);
    json_format("device", "%u:%u", major(status->st_dev), minor(status->st_dev));
    json_unsigned("inode", status->st_ino);
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
        json_format("node", "%u:%u", major(status->st_rdev), minor(status->st_rdev));
    report_flags(path);
    if (S_ISDIR(status->st_mode)) {
        json_outcome("write", try_open(path, O_WRONLY | O_TMPFILE));
    } else {
        json_outcome("read", try_open(path, O_RDONLY));
        json_outcome("write", try_open(path, O_WRONLY));
        json_outcome("execute", access(path, X_OK) == 0 ? 0 : errno);
    }
    json_close('}');
}

static void walk(const char *path)
{
    struct stat status;
    if (lstat(path, &status) < 0 || entries++ > ENTRIES)
        return;
    report_entry(path, &status);
    DIR *directory = S_ISDIR(status.st_mode) ? opendir(path) : NULL;
    if (directory == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        char below[PATH_MAX];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(below, sizeof below, "%s/%s", path[1] != '\0' ? path : "", entry->d_name) < PATH_MAX)
            walk(below);
    }
    closedir(directory);
}

void report_root(void)
{
    json_open("root", '[');
    walk("/");
    json_close(']');
}
