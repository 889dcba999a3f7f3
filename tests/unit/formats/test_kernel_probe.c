/* Telling kernels apart, and surviving what only looks like one. */
#include "tests/unit/fixtures/temporary.h"

#include <elf.h>
#include <sys/mman.h>

#include "formats/kernel/probe.h"

enum { IMAGE_SIZE = 16384 };

/* A file in the making. */
struct image {
    unsigned char bytes[IMAGE_SIZE];
    size_t length;
};

static int to_fd(const struct image *image, size_t length)
{
    int fd = memfd_create("kernel", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, image->bytes, length), (ssize_t)length);
    return fd;
}

static void put(struct image *image, size_t offset, const void *bytes, size_t length)
{
    assert_true(offset + length <= IMAGE_SIZE);
    memcpy(image->bytes + offset, bytes, length);
    if (image->length < offset + length)
        image->length = offset + length;
}

static void put32(struct image *image, size_t offset, uint32_t value)
{
    put(image, offset, &value, sizeof value);
}

static void put16(struct image *image, size_t offset, uint16_t value)
{
    put(image, offset, &value, sizeof value);
}

static struct kernel_probe probe_good(const struct image *image)
{
    int fd = to_fd(image, image->length);
    struct kernel_probe probe;
    struct error error = {0};
    int result = kernel_probe(fd, "kernel", &probe, &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    assert_false(error_is_set(&error));
    close(fd);
    return probe;
}

static void expect_error(const struct image *image, const char *message)
{
    int fd = to_fd(image, image->length);
    struct kernel_probe probe;
    struct error error = {0};
    assert_int_equal(kernel_probe(fd, "kernel", &probe, &error), -1);
    assert_non_null(strstr(error.message, message));
    error_clear(&error);
    close(fd);
}

/* An ELF64 with room for `segments` program headers, filled in by add_segment. */
static struct image elf64(uint16_t machine, unsigned segments)
{
    struct image image = {.length = 0};
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = machine,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof header,
        .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (uint16_t)segments,
    };
    put(&image, 0, &header, sizeof header);
    image.length = sizeof header + segments * sizeof(Elf64_Phdr);
    return image;
}

static void add_segment(struct image *image, unsigned index, uint32_t type, const void *bytes, size_t length)
{
    size_t offset = (image->length + 7) & ~(size_t)7;
    Elf64_Phdr header = {
        .p_type = type, .p_offset = offset, .p_filesz = length, .p_memsz = length, .p_align = 4};
    put(image, sizeof(Elf64_Ehdr) + index * sizeof header, &header, sizeof header);
    put(image, offset, bytes, length);
}

/* A note: header, name padded to 4, descriptor. Returns its length. */
static size_t make_note(unsigned char *out, const char *name, uint32_t type, const void *descriptor,
                        size_t size)
{
    Elf64_Nhdr header = {(uint32_t)strlen(name) + 1, (uint32_t)size, type};
    size_t padded = (header.n_namesz + 3) & ~3u;
    memset(out, 0, sizeof header + padded);
    memcpy(out, &header, sizeof header);
    memcpy(out + sizeof header, name, header.n_namesz);
    memcpy(out + sizeof header + padded, descriptor, size);
    return sizeof header + padded + size;
}

static struct image solo5_abi(uint32_t target)
{
    struct image image = elf64(EM_X86_64, 3);
    uint32_t abi[4] = {target, 1, 0, 0};
    unsigned char note[64];
    add_segment(&image, 0, PT_LOAD, "code", 4);
    add_segment(&image, 1, PT_NOTE, note, make_note(note, "Solo5", 0x31494241, abi, sizeof abi));
    return image;
}

/* struct mft as Solo5's include/mft_abi.h has it: written out here a second time, for the test to mean
 * something. */
struct entry {
    char name[68];
    uint32_t type;
    uint64_t properties[2];
    uint64_t backing;
    uint64_t attached;
};
_Static_assert(sizeof(struct entry) == 104, "Solo5's struct mft_entry on 64-bit machines");

struct manifest {
    uint32_t padding; /* to align what follows to 8 behind the 20 bytes of header and name */
    uint32_t version;
    uint32_t entries;
    struct entry list[4];
} __attribute__((packed));

static struct manifest devices(void)
{
    struct manifest manifest = {
        .version = 1,
        .entries = 3,
        .list = {{.type = 1u << 30}, {.name = "service", .type = 2}, {.name = "storage", .type = 1}},
    };
    return manifest;
}

static struct image solo5(const struct manifest *manifest)
{
    struct image image = solo5_abi(1);
    unsigned char note[600];
    size_t size = 12 + manifest->entries * sizeof(struct entry);
    if (size > sizeof *manifest)
        size = sizeof *manifest;
    add_segment(&image, 2, PT_NOTE, note, make_note(note, "Solo5", 0x3154464d, manifest, size));
    return image;
}

static struct image bzimage(void)
{
    struct image image = {.length = 1024};
    put16(&image, 0x1fe, 0xaa55);
    put(&image, 0x202, "HdrS", 4);
    put16(&image, 0x206, 0x20f);
    image.bytes[0x211] = 1;
    put16(&image, 0x236, 1);
    return image;
}

static void nothing_known_is_no_error(void **state)
{
    (void)state;
    struct image image = {.length = 0};
    assert_int_equal(probe_good(&image).formats, 0);
    put(&image, 0, "hello", 5);
    assert_int_equal(probe_good(&image).formats, 0);
    assert_null(probe_good(&image).architecture);
}

static void elf_machines_have_goarch_names(void **state)
{
    (void)state;
    struct image image = elf64(EM_X86_64, 0);
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF);
    assert_string_equal(probe_good(&image).architecture, "amd64");
    image = elf64(EM_AARCH64, 0);
    assert_string_equal(probe_good(&image).architecture, "arm64");
    image = elf64(EM_RISCV, 0);
    assert_string_equal(probe_good(&image).architecture, "riscv64");
    image = elf64(0x7777, 0);
    assert_null(probe_good(&image).architecture);
    image = elf64(EM_S390 << 8, 0);
    image.bytes[EI_DATA] = ELFDATA2MSB;
    assert_string_equal(probe_good(&image).architecture, "s390x");
}

static void multiboot_is_found_by_its_checksum(void **state)
{
    (void)state;
    struct image image = elf64(EM_X86_64, 0);
    image.length = 8192;
    put32(&image, 4096, 0x1badb002);
    put32(&image, 4100, 3);
    put32(&image, 4104, -(0x1badb002u + 3));
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF | KERNEL_MULTIBOOT1);
    put32(&image, 4104, 7);
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF);
}

static void multiboot_lies_in_the_first_8_kib(void **state)
{
    (void)state;
    struct image image = {.length = IMAGE_SIZE};
    put32(&image, 8180, 0x1badb002);
    put32(&image, 8188, -0x1badb002u);
    assert_int_equal(probe_good(&image).formats, KERNEL_MULTIBOOT1);
    assert_string_equal(probe_good(&image).architecture, "amd64");
    memset(image.bytes, 0, IMAGE_SIZE);
    put32(&image, 8184, 0x1badb002);
    put32(&image, 8192, -0x1badb002u);
    assert_int_equal(probe_good(&image).formats, 0);
    memset(image.bytes, 0, IMAGE_SIZE);
    put32(&image, 4098, 0x1badb002);
    put32(&image, 4106, -0x1badb002u);
    assert_int_equal(probe_good(&image).formats, 0);
}

static void multiboot2_is_found(void **state)
{
    (void)state;
    struct image image = {.length = IMAGE_SIZE};
    put32(&image, 8, 0xe85250d6);
    put32(&image, 16, 16);
    put32(&image, 20, -(0xe85250d6u + 16));
    assert_int_equal(probe_good(&image).formats, KERNEL_MULTIBOOT2);
    put32(&image, 16, 8);
    put32(&image, 20, -(0xe85250d6u + 8));
    assert_int_equal(probe_good(&image).formats, 0);
}

static void a_32_bit_multiboot_elf_is_for_amd64(void **state)
{
    (void)state;
    struct image image = {.length = 0};
    Elf32_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
        .e_machine = EM_386,
        .e_phoff = sizeof header,
        .e_phentsize = sizeof(Elf32_Phdr),
        .e_phnum = 1,
    };
    Elf32_Phdr segment = {.p_type = PT_LOAD, .p_offset = 0, .p_filesz = 64};
    put(&image, 0, &header, sizeof header);
    put(&image, sizeof header, &segment, sizeof segment);
    assert_string_equal(probe_good(&image).architecture, "386");
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF | KERNEL_ELF32);
    put32(&image, 128, 0x1badb002);
    put32(&image, 132, 0);
    put32(&image, 136, -0x1badb002u);
    assert_string_equal(probe_good(&image).architecture, "amd64");
    assert_string_equal(probe_good(&image).machine, "80386");
}

static void pvh_is_a_xen_note(void **state)
{
    (void)state;
    struct image image = elf64(EM_X86_64, 1);
    unsigned char notes[128];
    uint32_t entry[2] = {0x1000000, 0};
    size_t length = make_note(notes, "Linux", 257, "", 1);
    length = (length + 3) & ~(size_t)3;
    length += make_note(notes + length, "Xen", 18, entry, 8);
    add_segment(&image, 0, PT_NOTE, notes, length);
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF | KERNEL_PVH);
    char *text = kernel_probe_describe(
        &(struct kernel_probe){.formats = KERNEL_ELF | KERNEL_PVH, .machine = "x86-64"});
    assert_string_equal(text, "ELF x86-64, PVH");
    free(text);
}

static void bzimage_and_its_64_bit_entry(void **state)
{
    (void)state;
    struct image image = bzimage();
    assert_int_equal(probe_good(&image).formats, KERNEL_BZIMAGE);
    assert_string_equal(probe_good(&image).architecture, "amd64");
    put16(&image, 0x236, 0);
    assert_string_equal(probe_good(&image).architecture, "386");
    image.bytes[0x211] = 0;
    assert_int_equal(probe_good(&image).formats, 0);
}

static void arm64_image_is_found(void **state)
{
    (void)state;
    struct image image = {.length = 64};
    put(&image, 0x38, "ARM\x64", 4);
    assert_int_equal(probe_good(&image).formats, KERNEL_ARM64_IMAGE);
    assert_string_equal(probe_good(&image).architecture, "arm64");
}

static void solo5_notes_tell_target_and_devices(void **state)
{
    (void)state;
    struct manifest manifest = devices();
    struct image image = solo5(&manifest);
    struct kernel_probe probe = probe_good(&image);
    assert_int_equal(probe.formats, KERNEL_ELF | KERNEL_SOLO5);
    assert_int_equal(probe.solo5_target, SOLO5_TARGET_HVT);
    assert_int_equal(probe.solo5_device_count, 2);
    assert_string_equal(probe.solo5_devices[0].name, "service");
    assert_false(probe.solo5_devices[0].is_block);
    assert_string_equal(probe.solo5_devices[1].name, "storage");
    assert_true(probe.solo5_devices[1].is_block);
    char *text = kernel_probe_describe(&probe);
    assert_string_equal(text, "ELF x86-64, Solo5 hvt");
    free(text);
}

static void solo5_notes_are_padded_to_4_in_a_segment_aligned_to_8(void **state)
{
    (void)state;
    struct manifest manifest = devices();
    struct image image = solo5(&manifest);
    for (size_t i = 0; i < 3; i++) {
        uint64_t alignment = 8;
        put(&image, sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_align), &alignment,
            8);
    }
    struct kernel_probe probe = probe_good(&image);
    assert_int_equal(probe.solo5_target, SOLO5_TARGET_HVT);
    assert_int_equal(probe.solo5_device_count, 2);
}

static void solo5_without_devices_is_fine(void **state)
{
    (void)state;
    struct manifest manifest = devices();
    manifest.entries = 1;
    struct image image = solo5(&manifest);
    assert_int_equal(probe_good(&image).solo5_device_count, 0);
}

static void solo5_targets_are_known(void **state)
{
    (void)state;
    struct image image = solo5_abi(2);
    assert_int_equal(probe_good(&image).solo5_target, SOLO5_TARGET_SPT);
    image = solo5_abi(0);
    expect_error(&image, "unknown target 0");
    image = solo5_abi(7);
    expect_error(&image, "unknown target 7");
}

static void broken_solo5_manifests_are_errors(void **state)
{
    (void)state;
    struct manifest manifest = devices();
    manifest.version = 2;
    struct image image = solo5(&manifest);
    expect_error(&image, "kernel: Solo5 manifest: unknown version 2");
    manifest = devices();
    manifest.entries = 65;
    image = solo5(&manifest);
    expect_error(&image, "65 entries");
    manifest = devices();
    manifest.list[0].type = 2;
    image = solo5(&manifest);
    expect_error(&image, "first entry");
    manifest = devices();
    manifest.list[1].type = 9;
    image = solo5(&manifest);
    expect_error(&image, "device service has unknown type 9");
    manifest = devices();
    memcpy(manifest.list[1].name, "a,b=@3", 7);
    image = solo5(&manifest);
    expect_error(&image, "not 1 to 67 letters and digits");
    manifest = devices();
    memset(manifest.list[1].name, 'a', 68);
    image = solo5(&manifest);
    expect_error(&image, "not 1 to 67 letters and digits");
    manifest = devices();
    manifest.list[1].attached = 1;
    image = solo5(&manifest);
    expect_error(&image, "attached already");
    manifest = devices();
    memcpy(manifest.list[2].name, "service", 8);
    image = solo5(&manifest);
    expect_error(&image, "device service twice");
}

/* In the place of the segment that holds no note: the tenders would take one of them, we another. */
static void a_solo5_note_of_a_kind_stands_once(void **state)
{
    (void)state;
    struct manifest empty = {.version = 1, .entries = 1, .list = {{.type = 1u << 30}}};
    struct manifest manifest = devices();
    unsigned char note[600];
    struct image image = solo5(&manifest);
    add_segment(&image, 0, PT_NOTE, note,
                make_note(note, "Solo5", 0x3154464d, &empty, 12 + sizeof(struct entry)));
    expect_error(&image, "two manifests");
    uint32_t abi[4] = {2, 1, 0, 0};
    image = solo5(&manifest);
    add_segment(&image, 0, PT_NOTE, note, make_note(note, "Solo5", 0x31494241, abi, sizeof abi));
    expect_error(&image, "two of the ABI");
}

static void unikraft_is_told_by_its_sections(void **state)
{
    (void)state;
    struct image image = elf64(EM_X86_64, 0);
    static const char names[] = "\0.shstrtab\0.uk_bootinfo";
    Elf64_Shdr sections[3] = {
        {0},
        {.sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = 512, .sh_size = sizeof names},
        {.sh_name = 11, .sh_type = SHT_PROGBITS},
    };
    Elf64_Ehdr header;
    memcpy(&header, image.bytes, sizeof header);
    header.e_shoff = 1024;
    header.e_shnum = 3;
    header.e_shentsize = sizeof *sections;
    header.e_shstrndx = 1;
    put(&image, 0, &header, sizeof header);
    put(&image, 512, names, sizeof names);
    put(&image, 1024, sections, sizeof sections);
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF | KERNEL_UNIKRAFT);
    image.length = 1100; /* a cut-off section table is only a missing hint */
    assert_int_equal(probe_good(&image).formats, KERNEL_ELF);
}

static void segments_beyond_the_file_are_errors(void **state)
{
    (void)state;
    struct image image = elf64(EM_X86_64, 1);
    Elf64_Phdr segment = {.p_type = PT_LOAD, .p_offset = UINT64_MAX - 8, .p_filesz = 64};
    put(&image, sizeof(Elf64_Ehdr), &segment, sizeof segment);
    expect_error(&image, "kernel: broken ELF file: a segment leaves the file");
    segment.p_offset = 0;
    segment.p_filesz = image.length + 1;
    put(&image, sizeof(Elf64_Ehdr), &segment, sizeof segment);
    expect_error(&image, "a segment leaves the file");
    uint64_t far = UINT64_MAX - 16;
    put(&image, offsetof(Elf64_Ehdr, e_phoff), &far, sizeof far);
    expect_error(&image, "the program headers leave the file");
}

static void a_thousand_note_segments_are_an_error(void **state)
{
    (void)state;
    struct image image = elf64(EM_X86_64, 100);
    Elf64_Phdr segment = {.p_type = PT_NOTE, .p_offset = 0, .p_filesz = 0};
    for (size_t i = 0; i < 100; i++)
        put(&image, sizeof(Elf64_Ehdr) + i * sizeof segment, &segment, sizeof segment);
    expect_error(&image, "more than 64 note segments");
}

static void notes_beyond_their_segment_are_errors(void **state)
{
    (void)state;
    static const uint32_t bad[][3] = {{6, 0xffffffff, 0x31494241},
                                      {0xffffffff, 4, 1},
                                      {0xfffffffe, 0xfffffffe, 1},
                                      {6, 64, 0x31494241},
                                      {64, 0, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct image image = elf64(EM_X86_64, 1);
        unsigned char note[32] = {0};
        memcpy(note, bad[i], 12);
        memcpy(note + 12, "Solo5", 6);
        add_segment(&image, 0, PT_NOTE, note, sizeof note);
        expect_error(&image, "a note leaves its segment");
    }
}

/* Nothing may crash, whatever is cut off or changed; AddressSanitizer watches. */
static void survive(const struct image *image)
{
    struct kernel_probe probe;
    for (size_t length = 0; length < image->length; length++) {
        int fd = to_fd(image, length);
        struct error error = {0};
        int result = kernel_probe(fd, "kernel", &probe, &error);
        assert_true((result < 0) == error_is_set(&error));
        error_clear(&error);
        close(fd);
    }
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct image changed = *image;
    for (size_t at = 4; at < image->length; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            changed.bytes[at] = values[i];
            int fd = to_fd(&changed, changed.length);
            struct error error = {0};
            int result = kernel_probe(fd, "kernel", &probe, &error);
            assert_true((result < 0) == error_is_set(&error));
            assert_true(probe.solo5_device_count <= SOLO5_MAX_DEVICES);
            error_clear(&error);
            close(fd);
        }
        changed.bytes[at] = image->bytes[at];
    }
}

static void cut_off_and_changed_elf_files_are_survived(void **state)
{
    (void)state;
    struct manifest manifest = devices();
    struct image image = solo5(&manifest);
    survive(&image);
}

static void cut_off_and_changed_bzimages_are_survived(void **state)
{
    (void)state;
    struct image image = bzimage();
    survive(&image);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct kernel_probe probe;
    struct error error = {0};
    assert_int_equal(kernel_probe(fd, "kernel", &probe, &error), -1);
    assert_string_equal(error.message, "kernel: not a regular file");
    error_clear(&error);
    close(fd);
}

static void the_position_does_not_change(void **state)
{
    (void)state;
    struct image image = bzimage();
    int fd = to_fd(&image, image.length);
    assert_int_equal(lseek(fd, 17, SEEK_SET), 17);
    struct kernel_probe probe;
    struct error error = {0};
    assert_int_equal(kernel_probe(fd, "kernel", &probe, &error), 0);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 17);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_is_no_error),
        cmocka_unit_test(elf_machines_have_goarch_names),
        cmocka_unit_test(multiboot_is_found_by_its_checksum),
        cmocka_unit_test(multiboot_lies_in_the_first_8_kib),
        cmocka_unit_test(multiboot2_is_found),
        cmocka_unit_test(a_32_bit_multiboot_elf_is_for_amd64),
        cmocka_unit_test(pvh_is_a_xen_note),
        cmocka_unit_test(bzimage_and_its_64_bit_entry),
        cmocka_unit_test(arm64_image_is_found),
        cmocka_unit_test(solo5_notes_tell_target_and_devices),
        cmocka_unit_test(solo5_notes_are_padded_to_4_in_a_segment_aligned_to_8),
        cmocka_unit_test(solo5_without_devices_is_fine),
        cmocka_unit_test(solo5_targets_are_known),
        cmocka_unit_test(broken_solo5_manifests_are_errors),
        cmocka_unit_test(a_solo5_note_of_a_kind_stands_once),
        cmocka_unit_test(unikraft_is_told_by_its_sections),
        cmocka_unit_test(segments_beyond_the_file_are_errors),
        cmocka_unit_test(a_thousand_note_segments_are_an_error),
        cmocka_unit_test(notes_beyond_their_segment_are_errors),
        cmocka_unit_test(cut_off_and_changed_elf_files_are_survived),
        cmocka_unit_test(cut_off_and_changed_bzimages_are_survived),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(the_position_does_not_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
