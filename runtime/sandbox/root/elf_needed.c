/* PT_INTERP and PT_DYNAMIC: System V ABI, chapter 5. */
#include "runtime/sandbox/root/elf_needed.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum {
    NEEDED_MAX = 4096,
    HEADERS_MAX = 256,
};

/* The file, whose every offset is checked against its length before it is followed. */
struct image {
    const unsigned char *bytes;
    size_t length;
    const char *name;
};

static bool holds(const struct image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->length && size <= image->length - offset;
}

static int broken(const struct image *image, const char *what, struct error *error)
{
    return error_set(error, "%s: not a valid ELF file: %s lies outside of it", image->name, what);
}

/* The text at an offset, or NULL where it does not end within the file. */
static const char *text_at(const struct image *image, uint64_t offset)
{
    if (offset >= image->length || memchr(image->bytes + offset, '\0', image->length - offset) == NULL)
        return NULL;
    return (const char *)image->bytes + offset;
}

static bool program_header(const struct image *image, const Elf64_Ehdr *header, unsigned index,
                           Elf64_Phdr *out)
{
    uint64_t offset = header->e_phoff + (uint64_t)index * sizeof *out;
    if (header->e_phoff > image->length || !holds(image, offset, sizeof *out))
        return false;
    memcpy(out, image->bytes + offset, sizeof *out);
    return true;
}

/* The file offset of a virtual address, or UINT64_MAX. */
static uint64_t file_offset(const struct image *image, const Elf64_Ehdr *header, uint64_t address)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr load;
        if (program_header(image, header, i, &load) && load.p_type == PT_LOAD && address >= load.p_vaddr &&
            address - load.p_vaddr < load.p_filesz && load.p_offset <= image->length)
            return load.p_offset + (address - load.p_vaddr);
    }
    return UINT64_MAX;
}

static int take_text(const struct image *image, uint64_t table, uint64_t offset, char **out,
                     struct error *error)
{
    const char *text =
        offset < image->length && table < image->length ? text_at(image, table + offset) : NULL;
    if (text == NULL)
        return broken(image, "a name in its dynamic section", error);
    free(*out);
    *out = xstrdup(text);
    return 0;
}

static int read_dynamic(const struct image *image, const Elf64_Ehdr *header, const Elf64_Phdr *segment,
                        struct elf_needed *needed, struct error *error)
{
    if (!holds(image, segment->p_offset, segment->p_filesz))
        return broken(image, "its dynamic section", error);
    uint64_t strings = UINT64_MAX;
    /* The string table's address can stand anywhere in the list, so it is looked for first. */
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment->p_filesz; at += sizeof(Elf64_Dyn)) {
            Elf64_Dyn entry;
            memcpy(&entry, image->bytes + segment->p_offset + at, sizeof entry);
            int status = 0;
            char *name = NULL;
            if (entry.d_tag == DT_NULL)
                break;
            if (pass == 0 && entry.d_tag == DT_STRTAB)
                strings = file_offset(image, header, entry.d_un.d_val);
            if (pass == 1 && entry.d_tag == DT_RPATH)
                status = take_text(image, strings, entry.d_un.d_val, &needed->rpath, error);
            if (pass == 1 && entry.d_tag == DT_RUNPATH)
                status = take_text(image, strings, entry.d_un.d_val, &needed->runpath, error);
            if (pass == 1 && entry.d_tag == DT_NEEDED && needed->names.count < NEEDED_MAX)
                status = take_text(image, strings, entry.d_un.d_val, &name, error);
            if (name != NULL)
                strings_add_owned(&needed->names, name);
            if (status < 0)
                return -1;
        }
    }
    return 0;
}

static int read_elf(const struct image *image, struct elf_needed *needed, struct error *error)
{
    Elf64_Ehdr header;
    memcpy(&header, image->bytes, sizeof header);
    if (header.e_phnum > HEADERS_MAX || (header.e_phnum > 0 && header.e_phentsize != sizeof(Elf64_Phdr)))
        return error_set(error, "%s: not a valid ELF file: its program headers have an unknown size",
                         image->name);
    needed->machine = header.e_machine;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        if (!program_header(image, &header, i, &segment))
            return broken(image, "a program header", error);
        if (segment.p_type == PT_INTERP) {
            const char *interpreter = text_at(image, segment.p_offset);
            if (interpreter == NULL || *interpreter != '/' || strlen(interpreter) >= PATH_MAX)
                return broken(image, "its interpreter's path", error);
            free(needed->interpreter);
            needed->interpreter = xstrdup(interpreter);
        }
        if (segment.p_type == PT_DYNAMIC && read_dynamic(image, &header, &segment, needed, error) < 0)
            return -1;
    }
    return 0;
}

/* "#!/bin/sh -e": the kernel runs the interpreter, so that is what the script needs. */
static void read_script(const struct image *image, struct elf_needed *needed)
{
    size_t at = 2, limit = image->length < 256 ? image->length : 256;
    while (at < limit && image->bytes[at] == ' ')
        at++;
    size_t end = at;
    while (end < limit && image->bytes[end] > ' ')
        end++;
    if (end > at && image->bytes[at] == '/')
        needed->interpreter = xstrndup((const char *)image->bytes + at, end - at);
}

int elf_needed_parse(const void *bytes, size_t length, const char *name, struct elf_needed *needed,
                     struct error *error)
{
    *needed = (struct elf_needed){0};
    struct image image = {.bytes = bytes, .length = length, .name = name};
    const unsigned char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    if (length > 2 && memcmp(bytes, "#!", 2) == 0)
        read_script(&image, needed);
    if (length < sizeof(Elf64_Ehdr) || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
        image.bytes[EI_CLASS] != ELFCLASS64 || image.bytes[EI_DATA] != order)
        return 0;
    if (read_elf(&image, needed, error) == 0)
        return 0;
    elf_needed_free(needed);
    return -1;
}

int elf_needed_read(const char *path, struct elf_needed *needed, struct error *error)
{
    *needed = (struct elf_needed){0};
    struct stat status;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(error, errno, "%s", path);
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return 0;
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(error, errno, "%s", path);
    int result = elf_needed_parse(bytes, (size_t)status.st_size, path, needed, error);
    munmap(bytes, (size_t)status.st_size);
    return result;
}

void elf_needed_free(struct elf_needed *needed)
{
    free(needed->interpreter);
    free(needed->rpath);
    free(needed->runpath);
    strings_free(&needed->names);
    *needed = (struct elf_needed){0};
}
