/* ELF kernels: machine, boot notes, and the section names that tell Unikraft. System V ABI, chapters 4 and 5.
 */
#include <elf.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/kernel/kernel_file.h"

enum {
    MAX_NOTES = 1 << 20,         /* bytes of one note segment */
    MAX_NOTE_SEGMENTS = 64,      /* so that a small file cannot make us read for minutes */
    MAX_SECTION_NAMES = 1 << 20, /* bytes */
    XEN_ELFNOTE_PHYS32_ENTRY = 18,
};

/* Both classes of ELF, widened. */
struct elf {
    bool is_64;
    uint64_t program_headers; /* offset */
    unsigned program_header_count;
    uint64_t section_headers; /* offset; 0: none */
    unsigned section_header_count;
    unsigned section_names; /* index */
};

struct range {
    uint32_t type;
    uint64_t offset;
    uint64_t size;
    uint64_t alignment;
    uint32_t name;
};

static const struct {
    uint16_t machine;
    unsigned char class;
    unsigned char data;
    const char *architecture;
    const char *name;
} machines[] = {
    {EM_X86_64, ELFCLASS64, ELFDATA2LSB, "amd64", "x86-64"},
    {EM_386, ELFCLASS32, ELFDATA2LSB, "386", "80386"},
    {EM_AARCH64, ELFCLASS64, ELFDATA2LSB, "arm64", "AArch64"},
    {EM_ARM, ELFCLASS32, ELFDATA2LSB, "arm", "ARM"},
    {EM_RISCV, ELFCLASS64, ELFDATA2LSB, "riscv64", "RISC-V 64"},
    {EM_PPC64, ELFCLASS64, ELFDATA2LSB, "ppc64le", "PowerPC 64"},
    {EM_PPC64, ELFCLASS64, ELFDATA2MSB, "ppc64", "PowerPC 64"},
    {EM_S390, ELFCLASS64, ELFDATA2MSB, "s390x", "S/390"},
    {258 /* EM_LOONGARCH */, ELFCLASS64, ELFDATA2LSB, "loong64", "LoongArch"},
};

static int broken(const struct kernel_file *file, const char *what, struct error *error)
{
    return error_set(error, "%s: broken ELF file: %s", file->name, what);
}

static void find_machine(const unsigned char *ident, uint16_t machine, struct kernel_probe *probe)
{
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        if (machines[i].machine != machine || machines[i].class != ident[EI_CLASS] ||
            machines[i].data != ident[EI_DATA])
            continue;
        probe->architecture = machines[i].architecture;
        probe->machine = machines[i].name;
    }
}

static int read_header_64(const struct kernel_file *file, struct elf *elf, uint16_t *machine,
                          struct error *error)
{
    Elf64_Ehdr header;
    if (kernel_file_read(file, 0, &header, sizeof header) < 0)
        return broken(file, "the header is cut off", error);
    if (header.e_phnum > 0 && header.e_phentsize != sizeof(Elf64_Phdr))
        return broken(file, "wrong size of program headers", error);
    bool sections = header.e_shentsize == sizeof(Elf64_Shdr);
    *elf = (struct elf){true,           header.e_phoff,   header.e_phnum, sections ? header.e_shoff : 0,
                        header.e_shnum, header.e_shstrndx};
    *machine = header.e_machine;
    return 0;
}

static int read_header_32(const struct kernel_file *file, struct elf *elf, uint16_t *machine,
                          struct error *error)
{
    Elf32_Ehdr header;
    if (kernel_file_read(file, 0, &header, sizeof header) < 0)
        return broken(file, "the header is cut off", error);
    if (header.e_phnum > 0 && header.e_phentsize != sizeof(Elf32_Phdr))
        return broken(file, "wrong size of program headers", error);
    bool sections = header.e_shentsize == sizeof(Elf32_Shdr);
    *elf = (struct elf){false,          header.e_phoff,   header.e_phnum, sections ? header.e_shoff : 0,
                        header.e_shnum, header.e_shstrndx};
    *machine = header.e_machine;
    return 0;
}

static int read_program_header(const struct kernel_file *file, const struct elf *elf, unsigned index,
                               struct range *range)
{
    if (elf->is_64) {
        Elf64_Phdr header;
        if (elf->program_headers > file->size ||
            kernel_file_read(file, elf->program_headers + index * sizeof header, &header, sizeof header) < 0)
            return -1;
        *range = (struct range){header.p_type, header.p_offset, header.p_filesz, header.p_align, 0};
        return 0;
    }
    Elf32_Phdr header;
    if (kernel_file_read(file, elf->program_headers + index * sizeof header, &header, sizeof header) < 0)
        return -1;
    *range = (struct range){header.p_type, header.p_offset, header.p_filesz, header.p_align, 0};
    return 0;
}

static int read_section_header(const struct kernel_file *file, const struct elf *elf, unsigned index,
                               struct range *range)
{
    if (elf->is_64) {
        Elf64_Shdr header;
        if (elf->section_headers > file->size ||
            kernel_file_read(file, elf->section_headers + index * sizeof header, &header, sizeof header) < 0)
            return -1;
        *range = (struct range){header.sh_type, header.sh_offset, header.sh_size, 0, header.sh_name};
        return 0;
    }
    Elf32_Shdr header;
    if (kernel_file_read(file, elf->section_headers + index * sizeof header, &header, sizeof header) < 0)
        return -1;
    *range = (struct range){header.sh_type, header.sh_offset, header.sh_size, 0, header.sh_name};
    return 0;
}

static size_t pad(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

static bool is_solo5(const Elf64_Nhdr *note, const unsigned char *name)
{
    return note->n_namesz == 6 && memcmp(name, "Solo5", 6) == 0;
}

/* One note: name and descriptor lie within the segment, which the caller has checked. */
static int take_note(const struct kernel_file *file, const Elf64_Nhdr *note, const unsigned char *name,
                     const unsigned char *descriptor, struct kernel_probe *probe, struct error *error)
{
    if (note->n_namesz == 4 && memcmp(name, "Xen", 4) == 0) {
        if (note->n_type == XEN_ELFNOTE_PHYS32_ENTRY && (note->n_descsz == 4 || note->n_descsz == 8))
            probe->formats |= KERNEL_PVH;
        return 0;
    }
    if (is_solo5(note, name))
        return kernel_solo5_note(file, note->n_type, descriptor, note->n_descsz, probe, error);
    return 0;
}

static int walk_notes(const struct kernel_file *file, const unsigned char *notes, size_t size,
                      size_t alignment, struct kernel_probe *probe, struct error *error)
{
    size_t at = 0;
    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note; /* the same in both classes */
        memcpy(&note, notes + at, sizeof note);
        size_t name = at + sizeof note;
        if (note.n_namesz > size - name)
            return broken(file, "a note leaves its segment", error);
        /* Solo5's manifest stands in a segment aligned to 8, but its tenders (and so its notes) always pad
         * to 4. */
        size_t padding = is_solo5(&note, notes + name) ? 4 : alignment;
        size_t descriptor = pad(name + note.n_namesz, padding);
        if (descriptor > size || note.n_descsz > size - descriptor)
            return broken(file, "a note leaves its segment", error);
        if (take_note(file, &note, notes + name, notes + descriptor, probe, error) < 0)
            return -1;
        at = pad(descriptor + note.n_descsz, padding);
        if (at > size)
            break; /* the last one need not be padded */
    }
    return 0;
}

static int read_notes(const struct kernel_file *file, const struct range *segment, struct kernel_probe *probe,
                      struct error *error)
{
    if (segment->size > MAX_NOTES)
        return broken(file, "a note segment of more than 1 MiB", error);
    cleanup_free unsigned char *notes = xcalloc(1, (size_t)segment->size);
    if (kernel_file_read(file, segment->offset, notes, (size_t)segment->size) < 0)
        return broken(file, "a segment leaves the file", error);
    return walk_notes(file, notes, (size_t)segment->size, segment->alignment == 8 ? 8 : 4, probe, error);
}

static int read_segments(const struct kernel_file *file, const struct elf *elf, struct kernel_probe *probe,
                         struct error *error)
{
    unsigned note_segments = 0;
    for (unsigned i = 0; i < elf->program_header_count; i++) {
        struct range segment = {0};
        if (read_program_header(file, elf, i, &segment) < 0)
            return broken(file, "the program headers leave the file", error);
        if (segment.type != PT_LOAD && segment.type != PT_NOTE)
            continue;
        if (segment.size > 0 && (segment.offset > file->size || segment.size > file->size - segment.offset))
            return broken(file, "a segment leaves the file", error);
        if (segment.type == PT_NOTE && ++note_segments > MAX_NOTE_SEGMENTS)
            return broken(file, "more than 64 note segments", error);
        if (segment.type == PT_NOTE && read_notes(file, &segment, probe, error) < 0)
            return -1;
    }
    return 0;
}

/* Unikraft's linker scripts name their sections ".uk_bootinfo", ".uk_inittab" and so on. Sections are a hint
 * for tools, not for loaders, so a broken table only means that nothing is learnt from it. */
static bool has_unikraft_sections(const struct kernel_file *file, const struct elf *elf)
{
    struct range names = {0};
    if (elf->section_headers == 0 || elf->section_names >= elf->section_header_count ||
        read_section_header(file, elf, elf->section_names, &names) < 0 || names.type != SHT_STRTAB ||
        names.size == 0 || names.size > MAX_SECTION_NAMES)
        return false;
    cleanup_free char *text = xcalloc(1, (size_t)names.size + 1);
    if (kernel_file_read(file, names.offset, text, (size_t)names.size) < 0)
        return false;
    for (unsigned i = 0; i < elf->section_header_count; i++) {
        struct range section = {0};
        if (read_section_header(file, elf, i, &section) < 0)
            return false;
        if (section.name < names.size && strncmp(text + section.name, ".uk_", 4) == 0)
            return true;
    }
    return false;
}

int kernel_elf_probe(const struct kernel_file *file, struct kernel_probe *probe, struct error *error)
{
    unsigned char ident[EI_NIDENT];
    if (kernel_file_read(file, 0, ident, sizeof ident) < 0)
        return broken(file, "the header is cut off", error);
    if ((ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64) ||
        (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB) || ident[EI_VERSION] != EV_CURRENT)
        return broken(file, "the header makes no sense", error);
    struct elf elf = {0};
    uint16_t machine = 0;
    bool big_endian = ident[EI_DATA] == ELFDATA2MSB;
    if (big_endian) {
        /* Nothing of ours boots one, but its architecture can be named; e_machine is at 18 in both classes.
         */
        unsigned char bytes[2];
        if (kernel_file_read(file, 18, bytes, sizeof bytes) < 0)
            return broken(file, "the header is cut off", error);
        machine = (uint16_t)(bytes[0] << 8 | bytes[1]);
    } else if (ident[EI_CLASS] == ELFCLASS64 ? read_header_64(file, &elf, &machine, error)
                                             : read_header_32(file, &elf, &machine, error)) {
        return -1;
    }
    probe->formats |= ident[EI_CLASS] == ELFCLASS32 ? KERNEL_ELF | KERNEL_ELF32 : KERNEL_ELF;
    find_machine(ident, machine, probe);
    if (big_endian)
        return 0;
    if (read_segments(file, &elf, probe, error) < 0)
        return -1;
    if (has_unikraft_sections(file, &elf))
        probe->formats |= KERNEL_UNIKRAFT;
    if (machine == EM_386 && (probe->formats & (KERNEL_MULTIBOOT1 | KERNEL_MULTIBOOT2 | KERNEL_PVH)))
        probe->architecture = "amd64";
    return 0;
}
