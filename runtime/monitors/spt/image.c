#include "runtime/monitors/spt/image.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/monitors/spt/abi.h"

#ifdef __x86_64__
enum { MACHINE = EM_X86_64 };
#define MACHINE_NAME "x86-64"
#else
enum { MACHINE = EM_AARCH64 };
#define MACHINE_NAME "AArch64"
#endif

/* Solo5 names it so that no host's kernel runs a unikernel as a program (include/elf_abi.h). */
static const char no_interpreter[] = "/nonexistent/solo5/";

/* The space that segments are checked against. */
struct space {
    uint64_t memory;
    uint64_t page;
};

static int read_header(const struct kernel_file *file, Elf64_Ehdr *header, struct error *error)
{
    if (kernel_file_read(file, 0, header, sizeof *header) < 0)
        return error_set(error, "%s: not an ELF file: the header is cut off", file->name);
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_version != EV_CURRENT)
        return error_set(error, "%s: not a 64-bit ELF file", file->name);
    if (header->e_type != ET_EXEC)
        return error_set(error, "%s: ELF type %u: must be %d, an executable with fixed addresses", file->name,
                         header->e_type, ET_EXEC);
    if (header->e_machine != MACHINE)
        return error_set(error, "%s: ELF machine %u: must be %d, " MACHINE_NAME, file->name,
                         header->e_machine, MACHINE);
    if (header->e_ehsize != sizeof *header || header->e_phentsize != sizeof(Elf64_Phdr) ||
        header->e_phnum == 0)
        return error_set(error, "%s: broken ELF file: headers of %u bytes, %u program headers of %u bytes",
                         file->name, header->e_ehsize, header->e_phnum, header->e_phentsize);
    return 0;
}

static int check_interpreter(const struct kernel_file *file, const Elf64_Phdr *header, struct error *error)
{
    char path[64] = "";
    size_t length = header->p_filesz < sizeof path ? (size_t)header->p_filesz : sizeof path - 1;
    if (kernel_file_read(file, header->p_offset, path, length) < 0)
        return error_set(error, "%s: broken ELF file: the interpreter leaves the file", file->name);
    if (strcmp(path, no_interpreter) == 0)
        return 0;
    cleanup_free char *quoted = text_quote(path);
    return error_set(error, "%s: wants the interpreter %s: a program and no unikernel", file->name, quoted);
}

static int refuse(const struct kernel_file *file, unsigned index, const char *what, uint64_t value,
                  struct error *error)
{
    return error_set(error, "%s: segment %u: %s (0x%" PRIx64 ")", file->name, index, what, value);
}

/* Where the segment's bytes lie, first to before last, without any rounding. */
static int check_range(const struct kernel_file *file, unsigned index, const Elf64_Phdr *header,
                       const struct space *space, struct error *error)
{
    if (header->p_vaddr < SPT_KERNEL_BASE)
        return refuse(file, index, "lies below 0x100000", header->p_vaddr, error);
    if (header->p_vaddr > space->memory || header->p_memsz > space->memory - header->p_vaddr)
        return error_set(error,
                         "%s: segment %u: needs memory from 0x%" PRIx64 " on for %" PRIu64
                         " bytes, the guest has %" PRIu64 " MiB",
                         file->name, index, header->p_vaddr, header->p_memsz, space->memory >> 20);
    if (header->p_filesz > header->p_memsz)
        return refuse(file, index, "more bytes in the file than in memory", header->p_filesz, error);
    if (header->p_filesz > 0 &&
        (header->p_offset > file->size || header->p_filesz > file->size - header->p_offset))
        return refuse(file, index, "leaves the file", header->p_offset, error);
    return 0;
}

/* The pages that the segment takes. check_range was there before: no sum overflows. */
static int find_pages(const struct kernel_file *file, const Elf64_Phdr *header, const struct space *space,
                      struct spt_segment *segment, struct error *error)
{
    uint64_t alignment = header->p_align;
    unsigned index = segment->index;
    if (alignment == 0 || (alignment & (alignment - 1)))
        return refuse(file, index, "its alignment is no power of two", alignment, error);
    if (alignment > space->memory)
        return refuse(file, index, "its alignment is more than the memory", alignment, error);
    segment->start = header->p_vaddr & -alignment;
    segment->end = (header->p_vaddr + header->p_memsz + alignment - 1) & -alignment;
    if (segment->start % space->page != 0 || segment->end % space->page != 0)
        return refuse(file, index, "is not aligned to pages", alignment, error);
    if (segment->start < SPT_KERNEL_BASE)
        return refuse(file, index, "its pages begin below 0x100000", segment->start, error);
    if (segment->end > space->memory)
        return refuse(file, index, "its pages end beyond the memory", segment->end, error);
    return 0;
}

static int find_protection(uint32_t flags)
{
    return ((flags & PF_R) ? PROT_READ : 0) | ((flags & PF_W) ? PROT_WRITE : 0) |
           ((flags & PF_X) ? PROT_EXEC : 0);
}

static int add_segment(const struct kernel_file *file, unsigned index, const Elf64_Phdr *header,
                       const struct space *space, struct spt_image *image, struct error *error)
{
    if (header->p_memsz == 0 && header->p_filesz == 0)
        return 0;
    if (check_range(file, index, header, space, error) < 0)
        return -1;
    uint64_t last = image->end;
    if (image->end < header->p_vaddr + header->p_memsz)
        image->end = header->p_vaddr + header->p_memsz;
    if (header->p_filesz == 0)
        return 0;
    struct spt_segment segment = {
        .index = index,
        .offset = header->p_offset,
        .address = header->p_vaddr,
        .size = header->p_filesz,
        .protection = find_protection(header->p_flags),
    };
    if (find_pages(file, header, space, &segment, error) < 0)
        return -1;
    if (segment.start < last)
        return refuse(file, index, "overlaps the one before it, or stands below it", segment.start, error);
    if ((segment.protection & PROT_WRITE) && (segment.protection & PROT_EXEC))
        return refuse(file, index, "is writable and executable at once", header->p_flags, error);
    image->end = segment.end;
    image->segments = xreallocarray(image->segments, image->count + 1, sizeof segment);
    image->segments[image->count++] = segment;
    return 0;
}

static int read_segments(const struct kernel_file *file, const Elf64_Ehdr *header, const struct space *space,
                         struct spt_image *image, struct error *error)
{
    size_t size = header->e_phnum * sizeof(Elf64_Phdr);
    cleanup_free Elf64_Phdr *segments = xcalloc(1, size);
    if (kernel_file_read(file, header->e_phoff, segments, size) < 0)
        return error_set(error, "%s: broken ELF file: the program headers leave the file", file->name);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_INTERP && check_interpreter(file, &segments[i], error) < 0)
            return -1;
        if (segments[i].p_type == PT_LOAD && add_segment(file, i, &segments[i], space, image, error) < 0)
            return -1;
    }
    return 0;
}

static int check_entry(const struct kernel_file *file, const struct spt_image *image, struct error *error)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct spt_segment *segment = &image->segments[i];
        if ((segment->protection & PROT_EXEC) && image->entry >= segment->address &&
            image->entry < segment->address + segment->size)
            return 0;
    }
    return error_set(error, "%s: the entry 0x%" PRIx64 " lies in no executable segment", file->name,
                     image->entry);
}

int spt_image_read(const struct kernel_file *file, uint64_t memory, uint64_t page, struct spt_image *image,
                   struct error *error)
{
    const struct space space = {memory, page};
    Elf64_Ehdr header;
    *image = (struct spt_image){0};
    if (read_header(file, &header, error) < 0 || read_segments(file, &header, &space, image, error) < 0)
        return -1;
    image->entry = header.e_entry;
    if (check_entry(file, image, error) < 0)
        return -1;
    if (memory - image->end < page)
        return error_set(error,
                         "%s: leaves no memory for a stack: it ends at 0x%" PRIx64 " of %" PRIu64 " MiB",
                         file->name, image->end, memory >> 20);
    return 0;
}

int spt_image_load(const struct kernel_file *file, const struct spt_image *image, uintptr_t base,
                   struct error *error)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct spt_segment *segment = &image->segments[i];
        if (kernel_file_read(file, segment->offset, (void *)(base + segment->address), segment->size) < 0)
            return error_set(error, "%s: segment %u cannot be read", file->name, segment->index);
    }
    return 0;
}

int spt_image_protect(const struct spt_image *image, uintptr_t base, struct error *error)
{
    for (size_t i = 0; i < image->count; i++) {
        const struct spt_segment *segment = &image->segments[i];
        if (mprotect((void *)(base + segment->start), segment->end - segment->start, segment->protection) < 0)
            return error_errno(error, errno, "segment %u: mprotect", segment->index);
    }
    return 0;
}

void spt_image_free(struct spt_image *image)
{
    free(image->segments);
    *image = (struct spt_image){0};
}
