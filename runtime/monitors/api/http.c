#include "runtime/monitors/api/http.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "runtime/monitors/conversation.h"

#define HEAD_END "\r\n\r\n"

/* What counts of an answer's head. */
struct answer {
    int status;
    size_t length; /* of the body */
};

/* ---- asking ---- */

static int send_all(const struct http *http, const char *text, size_t length, struct error *error)
{
    while (length > 0) {
        ssize_t sent = send(http->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            text += sent;
            length -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EINTR) {
            return error_errno(error, errno, "the monitor's socket");
        } else if (conversation_wait(http->fd, POLLOUT, http->deadline, error) < 0) {
            return -1;
        }
    }
    return 0;
}

static int send_request(const struct http *http, const char *method, const char *path, const json_t *body,
                        struct error *error)
{
    cleanup_free char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : xstrdup("");
    if (text == NULL)
        return error_set(error, "cannot be encoded");
    cleanup_buffer struct buffer request = {0};
    buffer_format(&request, "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n", method,
                  path);
    if (*text != '\0')
        buffer_format(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(text));
    buffer_format(&request, "\r\n%s", text);
    return send_all(http, request.data, request.length, error);
}

/* ---- hearing ---- */

/* A line of the head, without its end, and where the next one begins. */
static const char *end_of_line(const char *line)
{
    return line + strcspn(line, "\r\n");
}

/* Digits, and nothing beside them. -1 for anything else, and for more than HTTP_BODY. */
static ssize_t read_length(const char *text, const char *end)
{
    ssize_t length = 0;
    text += strspn(text, " \t");
    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (text >= end)
        return -1;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        length = length * 10 + (*text - '0');
        if (length > HTTP_BODY)
            return -1;
    }
    return length;
}

static int read_status(const char *head, struct answer *answer, struct error *error)
{
    static const char version[] = "HTTP/1.";
    const char *digits = head + sizeof version - 1 + 2;
    if (strncmp(head, version, sizeof version - 1) != 0 || strlen(head) < sizeof version + 4 ||
        digits[-1] != ' ' || strspn(digits, "0123456789") != 3)
        return error_set(error, "the monitor's answer is not one of HTTP");
    answer->status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0';
    return 0;
}

static int read_fields(const char *head, struct answer *answer, struct error *error)
{
    static const char length_field[] = "Content-Length:", coding_field[] = "Transfer-Encoding:";
    bool has_length = false;
    for (const char *line = end_of_line(head); *line != '\0'; line = end_of_line(line)) {
        line += strspn(line, "\r\n");
        if (strncasecmp(line, coding_field, sizeof coding_field - 1) == 0)
            return error_set(error, "the monitor's answer has no length");
        if (strncasecmp(line, length_field, sizeof length_field - 1) != 0)
            continue;
        ssize_t length = read_length(line + sizeof length_field - 1, end_of_line(line));
        if (length < 0 || has_length)
            return error_set(error, "the length of the monitor's answer is not one, or more than %d bytes",
                             HTTP_BODY);
        has_length = true;
        answer->length = (size_t)length;
    }
    return 0;
}

/* Takes the head off what was heard. */
static int read_head(struct http *http, struct answer *answer, struct error *error)
{
    const char *end;
    while (http->heard.length == 0 ||
           (end = memmem(http->heard.data, http->heard.length, HEAD_END, strlen(HEAD_END))) == NULL) {
        if (http->heard.length > HTTP_HEAD)
            return error_set(error, "the head of the monitor's answer has more than %d bytes", HTTP_HEAD);
        if (conversation_receive(http->fd, http->deadline, &http->heard, error) < 0)
            return -1;
    }
    size_t length = (size_t)(end - http->heard.data) + strlen(HEAD_END);
    cleanup_free char *head = xstrndup(http->heard.data, length);
    if (strlen(head) != length)
        return error_set(error, "the monitor's answer is not one of HTTP");
    http->heard.length -= length;
    memmove(http->heard.data, http->heard.data + length, http->heard.length);
    return read_status(head, answer, error) < 0 ? -1 : read_fields(head, answer, error);
}

/* Takes the body off what was heard; owned. */
static char *read_body(struct http *http, size_t length, struct error *error)
{
    while (http->heard.length < length)
        if (conversation_receive(http->fd, http->deadline, &http->heard, error) < 0)
            return NULL;
    char *body = xstrndup(length > 0 ? http->heard.data : "", length);
    http->heard.length -= length;
    memmove(http->heard.data, http->heard.data + length, http->heard.length);
    return body;
}

/* ---- what it says ---- */

/* Its first line: Cloud Hypervisor's last text has a list of its functions behind it. */
static void add_reason(struct buffer *text, const json_t *reason)
{
    const char *said = json_string_value(reason);
    if (said != NULL)
        buffer_format(text, "%s%.*s", text->length > 0 ? ": " : "", (int)strcspn(said, "\r\n"), said);
}

/* Firecracker says {"fault_message": "..."}, Cloud Hypervisor a list of texts, from the outermost reason on.
 */
static int refuse(int status, const char *body, struct error *error)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    size_t length = strlen(body), index;
    cleanup_json json_t *said = conversation_is_too_deep(body, length, HTTP_DEPTH)
                                    ? NULL
                                    : parse_json(body, length, "answer", &ignored);
    const json_t *reason;
    add_reason(&text, json_object_get(said, "fault_message"));
    json_array_foreach (said, index, reason)
        add_reason(&text, reason);
    if (text.length == 0)
        return error_set(error, "the monitor refuses with the status %d", status);
    return error_set(error, "%.*s", HTTP_TEXT, text.data);
}

static int converse(struct http *http, const char *method, const char *path, const json_t *body,
                    struct error *error)
{
    struct answer answer = {0};
    if (send_request(http, method, path, body, error) < 0 || read_head(http, &answer, error) < 0)
        return -1;
    cleanup_free char *said = read_body(http, answer.length, error);
    if (said == NULL)
        return -1;
    return answer.status >= 200 && answer.status < 300 ? 0 : refuse(answer.status, said, error);
}

int http_call(struct http *http, const char *method, const char *path, json_t *body, struct error *error)
{
    cleanup_json json_t *taken = body;
    if (converse(http, method, path, taken, error) == 0)
        return 0;
    return error_prefix(error, "%s %s", method, path);
}

struct http http_open(int fd, int timeout)
{
    return (struct http){.fd = fd, .deadline = clock_milliseconds() + timeout};
}

void http_close(struct http *http)
{
    if (http->fd >= 0)
        close(http->fd);
    buffer_free(&http->heard);
    *http = HTTP_NONE;
}
