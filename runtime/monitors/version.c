#include "runtime/monitors/version.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "runtime/monitors/child.h"
#include "runtime/monitors/remembered.h"

enum {
    OUTPUT_MAX = 4096,  /* bytes of a program's answer that are looked at */
    TIME_MAX = 5000,    /* milliseconds that it may take */
    NUMBER_MAX = 99999, /* a larger one is not a version's */
};

bool version_is_known(const struct version *version)
{
    return version->major != 0 || version->minor != 0 || version->patch != 0;
}

bool version_at_least(const struct version *version, unsigned major, unsigned minor)
{
    return version->major > major || (version->major == major && version->minor >= minor);
}

/* ---- reading ---- */

/* Digits at `*at`; false where there are none, or too many. */
static bool read_number(const char *text, size_t length, size_t *at, unsigned *number)
{
    size_t start = *at;
    *number = 0;
    for (; *at < length && isdigit((unsigned char)text[*at]); (*at)++) {
        *number = *number * 10 + (unsigned)(text[*at] - '0');
        if (*number > NUMBER_MAX)
            return false;
    }
    return *at > start;
}

static bool read_word(const char *word, size_t length, struct version *version)
{
    size_t at = length > 0 && word[0] == 'v' ? 1 : 0;
    struct version found = {0};
    if (!read_number(word, length, &at, &found.major) || at == length || word[at++] != '.' ||
        !read_number(word, length, &at, &found.minor))
        return false;
    if (at < length && word[at] == '.') {
        at++;
        if (!read_number(word, length, &at, &found.patch))
            return false;
    }
    /* "10.0.8a" is none; "53.0-dirty" and "9.2.0+ds" are. */
    if (at < length && isalnum((unsigned char)word[at]))
        return false;
    *version = found;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

bool version_parse(const char *text, size_t length, struct version *version)
{
    *version = (struct version){0};
    for (size_t at = 0; at < length;) {
        size_t end = at;
        while (end < length && !is_blank(text[end]))
            end++;
        if (read_word(text + at, end - at, version))
            return true;
        at = end + 1;
    }
    return false;
}

/* ---- asking the program ---- */

static void exec_program(const void *program, int output)
{
    char *const arguments[] = {(char *)program, (char *)"--version", NULL};
    char *const environment[] = {(char *)"LC_ALL=C", NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO &&
        dup2(output, STDOUT_FILENO) == STDOUT_FILENO && dup2(output, STDERR_FILENO) == STDERR_FILENO &&
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        execve(program, arguments, environment);
    _exit(127);
}

static int ask(const char *program, struct version *version, struct error *error)
{
    char text[OUTPUT_MAX];
    ssize_t length = child_ask(exec_program, program, text, sizeof text, TIME_MAX, error);
    if (length < 0)
        return -1;
    version_parse(text, (size_t)length, version);
    return 0;
}

/* ---- keeping the answer ---- */

/* By what a program that is another one, or was changed, differs. */
static char *cache_key(const char *program, const struct stat *status)
{
    return xasprintf("%ju %ju %jd %jd.%09ld %s\n", (uintmax_t)status->st_dev, (uintmax_t)status->st_ino,
                     (intmax_t)status->st_size, (intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
                     program);
}

static bool recall(int directory, const char *name, const char *key, struct version *version)
{
    cleanup_buffer struct buffer text = {0};
    return remembered_read(directory, name, key, &text) && version_parse(text.data, text.length, version);
}

static void remember(int directory, const char *name, const char *key, const struct version *version)
{
    cleanup_free char *text = xasprintf("%u.%u.%u\n", version->major, version->minor, version->patch);
    remembered_write(directory, name, key, text);
}

int version_find(const char *program, const char *directory, struct version *version, struct error *error)
{
    struct stat status;
    *version = (struct version){0};
    if (stat(program, &status) < 0)
        return error_errno(error, errno, "%s", program);
    cleanup_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *name = xasprintf("version@%s", path_base(program));
    cleanup_free char *key = cache_key(program, &status);
    if (recall(fd, name, key, version))
        return 0;
    if (ask(program, version, error) < 0)
        return -1;
    /* An answer that was not understood, or did not come in time, may be another one the next time. */
    if (version_is_known(version))
        remember(fd, name, key, version);
    return 0;
}
