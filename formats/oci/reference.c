#include "formats/oci/reference.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

enum { MAX_NAME = 255, MAX_TAG = 128 };

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_word(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

bool reference_tag_is_valid(const char *tag)
{
    size_t length = strlen(tag);
    if (length == 0 || length > MAX_TAG || !is_word(tag[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_word(tag[i]) && tag[i] != '.' && tag[i] != '-')
            return false;
    return true;
}

/* The separator between two runs of letters and digits: one dot, one or two underscores, any number of
 * hyphens. */
static size_t separator_length(const char *text)
{
    if (*text == '.')
        return 1;
    if (*text == '_')
        return text[1] == '_' ? 2 : 1;
    return strspn(text, "-");
}

static bool path_is_valid(const char *path)
{
    if (!is_lower_or_digit(*path))
        return false;
    while (*path != '\0') {
        while (is_lower_or_digit(*path))
            path++;
        if (*path == '\0')
            return true;
        size_t length = *path == '/' ? 1 : separator_length(path);
        if (length == 0 || !is_lower_or_digit(path[length]))
            return false;
        path += length;
    }
    return true;
}

static bool host_is_valid(const char *host, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool edge = i == 0 || i + 1 == length || host[i - 1] == '.' || host[i + 1] == '.';
        bool plain = is_word(host[i]) && host[i] != '_';
        if (!plain && (edge || (host[i] != '-' && host[i] != '.')))
            return false;
    }
    return length > 0;
}

static bool domain_is_valid(const char *domain)
{
    const char *port;
    if (*domain == '[') {
        size_t length = strspn(domain + 1, "0123456789abcdefABCDEF:");
        if (length == 0 || domain[1 + length] != ']')
            return false;
        port = domain + length + 2;
    } else {
        port = strchrnul(domain, ':');
        if (!host_is_valid(domain, (size_t)(port - domain)))
            return false;
    }
    if (*port == '\0')
        return true;
    return *port == ':' && port[1] != '\0' && strspn(port + 1, "0123456789") == strlen(port + 1);
}

/* The first component is a domain where it looks like one; else the whole is a name on Docker Hub. */
static bool looks_like_domain(const char *component)
{
    if (strcmp(component, "localhost") == 0 || strpbrk(component, ".:") != NULL)
        return true;
    for (; *component != '\0'; component++)
        if (isupper((unsigned char)*component))
            return true;
    return false;
}

static void split_name(const char *name, struct reference *reference)
{
    const char *slash = strchr(name, '/');
    cleanup_free char *first = slash != NULL ? xstrndup(name, (size_t)(slash - name)) : NULL;
    if (first != NULL && looks_like_domain(first)) {
        bool old_hub = strcmp(first, "index.docker.io") == 0;
        reference->domain = old_hub ? xstrdup("docker.io") : take_pointer(first);
        reference->path = xstrdup(slash + 1);
    } else {
        reference->domain = xstrdup("docker.io");
        reference->path = xstrdup(name);
    }
    if (strcmp(reference->domain, "docker.io") == 0 && strchr(reference->path, '/') == NULL) {
        char *path = xasprintf("library/%s", reference->path);
        free(reference->path);
        reference->path = path;
    }
}

static const char *split(char *name, struct reference *reference)
{
    char *at = strchr(name, '@');
    if (at != NULL) {
        *at = '\0';
        if (!digest_is_valid(at + 1))
            return "the digest is not sha256: and 64 hexadecimal digits";
        reference->digest = xstrdup(at + 1);
    }
    char *colon = strrchr(name, ':');
    if (colon != NULL && strchr(colon, '/') == NULL) {
        *colon = '\0';
        if (!reference_tag_is_valid(colon + 1))
            return "a tag has up to 128 letters, digits, \"_\", \".\" and \"-\"";
        reference->tag = xstrdup(colon + 1);
    } else if (reference->digest == NULL) {
        reference->tag = xstrdup("latest");
    }
    split_name(name, reference);
    if (!domain_is_valid(reference->domain))
        return "the part before the first \"/\" is not a host name";
    if (!path_is_valid(reference->path))
        return "a name has lower-case letters and digits, separated by \".\", \"_\", \"-\" and \"/\"";
    if (strlen(reference->domain) + 1 + strlen(reference->path) > MAX_NAME)
        return "longer than 255 characters";
    return NULL;
}

int reference_parse(const char *text, struct reference *reference, struct error *error)
{
    *reference = (struct reference){0};
    cleanup_free char *name = xstrdup(text);
    const char *problem = split(name, reference);
    if (problem == NULL)
        return 0;
    reference_free(reference);
    cleanup_free char *quoted = text_quote(text);
    return error_set(error, "%s: not an image name: %s", quoted, problem);
}

void reference_free(struct reference *reference)
{
    free(reference->domain);
    free(reference->path);
    free(reference->tag);
    free(reference->digest);
    *reference = (struct reference){0};
}

char *reference_text(const struct reference *reference)
{
    cleanup_buffer struct buffer text = {0};
    buffer_format(&text, "%s/%s", reference->domain, reference->path);
    if (reference->tag != NULL)
        buffer_format(&text, ":%s", reference->tag);
    if (reference->digest != NULL)
        buffer_format(&text, "@%s", reference->digest);
    return buffer_take(&text);
}

char *reference_normalize(const char *text, struct error *error)
{
    cleanup_reference struct reference reference = {0};
    if (reference_parse(text, &reference, error) < 0)
        return NULL;
    return reference_text(&reference);
}
