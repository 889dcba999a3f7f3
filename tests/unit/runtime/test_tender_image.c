/* The tender's loader: what of an ELF file is refused, and what of it reaches the guest's memory. */
#include "tests/unit/fixtures/temporary.h"

#include <elf.h>
#include <sys/mman.h>

#include "runtime/monitors/spt/abi.h"
#include "runtime/monitors/spt/image.h"

enum { MEMORY = 4 << 20, PAGE = 4096, TEXT = 0x100000, DATA = 0x102000, SEGMENTS = 4 };

#ifdef __x86_64__
enum { THIS_MACHINE = EM_X86_64, OTHER_MACHINE = EM_AARCH64 };
#else
enum { THIS_MACHINE = EM_AARCH64, OTHER_MACHINE = EM_X86_64 };
#endif

/* An ELF file in the making: text, data with zeros behind it, a segment of zeros, room for one more. */
struct kernel {
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS];
    char text[16];
    char data[16];
    char interpreter[64];
};

static Elf64_Phdr segment(uint32_t flags, uint64_t offset, uint64_t address, uint64_t in_file,
                          uint64_t in_memory)
{
    return (Elf64_Phdr){.p_type = PT_LOAD,
                        .p_flags = flags,
                        .p_offset = offset,
                        .p_vaddr = address,
                        .p_filesz = in_file,
                        .p_memsz = in_memory,
                        .p_align = PAGE};
}

static struct kernel good(void)
{
    return (struct kernel){
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = THIS_MACHINE,
                   .e_version = EV_CURRENT,
                   .e_entry = TEXT + 4,
                   .e_phoff = offsetof(struct kernel, segments),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = SEGMENTS},
        .segments = {segment(PF_R | PF_X, offsetof(struct kernel, text), TEXT, 16, 16),
                     segment(PF_R | PF_W, offsetof(struct kernel, data), DATA, 16, 100),
                     segment(PF_R | PF_W, 0, DATA + PAGE + 8, 0, 100),
                     {.p_type = PT_NULL}},
        .text = "text of a kernel",
        .data = "data of a kernel",
        .interpreter = "/nonexistent/solo5/",
    };
}

static int read_kernel(const struct kernel *kernel, size_t length, struct spt_image *image,
                       unsigned char *memory, struct error *error)
{
    int fd = memfd_create("kernel", MFD_CLOEXEC);
    assert_int_equal(write(fd, kernel, length), (ssize_t)length);
    const struct kernel_file file = {fd, length, "kernel"};
    int result = spt_image_read(&file, MEMORY, PAGE, image, error);
    if (result == 0 && memory != NULL)
        result = spt_image_load(&file, image, (uintptr_t)memory, error);
    close(fd);
    return result;
}

static void refuse_length(const struct kernel *kernel, size_t length, const char *message)
{
    struct spt_image image;
    struct error error = {0};
    assert_int_equal(read_kernel(kernel, length, &image, NULL, &error), -1);
    if (strcmp(error.message, message) != 0)
        fail_msg("got: %s\nexpected: %s", error.message, message);
    error_clear(&error);
    spt_image_free(&image);
}

static void refuse(const struct kernel *kernel, const char *message)
{
    refuse_length(kernel, sizeof *kernel, message);
}

static void accept(const struct kernel *kernel)
{
    struct spt_image image;
    struct error error = {0};
    if (read_kernel(kernel, sizeof *kernel, &image, NULL, &error) < 0)
        fail_msg("%s", error.message);
    spt_image_free(&image);
}

static void test_a_kernel_is_read(void **state)
{
    (void)state;
    struct kernel kernel = good();
    struct spt_image image;
    struct error error = {0};
    assert_int_equal(read_kernel(&kernel, sizeof kernel, &image, NULL, &error), 0);
    assert_int_equal(image.entry, TEXT + 4);
    assert_int_equal(image.count, 2);
    assert_int_equal(image.segments[0].start, TEXT);
    assert_int_equal(image.segments[0].end, TEXT + PAGE);
    assert_int_equal(image.segments[0].protection, PROT_READ | PROT_EXEC);
    assert_int_equal(image.segments[1].protection, PROT_READ | PROT_WRITE);
    assert_int_equal(image.end, DATA + PAGE + 8 + 100); /* the zeros count */
    spt_image_free(&image);
}

static void test_its_bytes_lie_where_they_were_linked_for(void **state)
{
    (void)state;
    struct kernel kernel = good();
    struct spt_image image;
    struct error error = {0};
    unsigned char *memory = calloc(1, MEMORY);
    assert_int_equal(read_kernel(&kernel, sizeof kernel, &image, memory, &error), 0);
    assert_memory_equal(memory + TEXT, kernel.text, 16);
    assert_memory_equal(memory + DATA, kernel.data, 16);
    for (size_t i = 0; i < MEMORY; i++)
        if (memory[i] != 0 && !(i >= TEXT && i < TEXT + 16) && !(i >= DATA && i < DATA + 16))
            fail_msg("a byte at 0x%zx", i);
    spt_image_free(&image);
    free(memory);
}

static void test_protection_is_given_to_whole_pages(void **state)
{
    (void)state;
    struct kernel kernel = good();
    struct spt_image image;
    struct error error = {0};
    unsigned char *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(read_kernel(&kernel, sizeof kernel, &image, memory, &error), 0);
    assert_int_equal(spt_image_protect(&image, (uintptr_t)memory, &error), 0);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    /* The kernel tells by EFAULT, so that no signal is needed. */
    assert_int_equal(write(fds[1], memory + TEXT, 1), 1);
    assert_int_equal(read(fds[0], memory + TEXT + PAGE - 1, 1), -1);
    assert_int_equal(read(fds[0], memory + TEXT + PAGE, 1), 1);
    close(fds[0]);
    close(fds[1]);
    munmap(memory, MEMORY);
    spt_image_free(&image);
}

static void test_a_file_that_is_cut_off(void **state)
{
    (void)state;
    struct kernel kernel = good();
    refuse_length(&kernel, 0, "kernel: not an ELF file: the header is cut off");
    refuse_length(&kernel, sizeof kernel.header - 1, "kernel: not an ELF file: the header is cut off");
    refuse_length(&kernel, sizeof kernel.header + 1,
                  "kernel: broken ELF file: the program headers leave the file");
    refuse_length(&kernel, offsetof(struct kernel, data) + 15, "kernel: segment 1: leaves the file (0x130)");
}

static void test_other_files(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.header.e_ident[EI_MAG1] = 'e';
    refuse(&kernel, "kernel: not a 64-bit ELF file");
    kernel = good();
    kernel.header.e_ident[EI_CLASS] = ELFCLASS32;
    refuse(&kernel, "kernel: not a 64-bit ELF file");
    kernel = good();
    kernel.header.e_ident[EI_DATA] = ELFDATA2MSB;
    refuse(&kernel, "kernel: not a 64-bit ELF file");
    kernel = good();
    kernel.header.e_type = ET_DYN;
    refuse(&kernel, "kernel: ELF type 3: must be 2, an executable with fixed addresses");
    kernel = good();
    kernel.header.e_machine = OTHER_MACHINE;
    refuse(&kernel, THIS_MACHINE == EM_X86_64 ? "kernel: ELF machine 183: must be 62, x86-64"
                                              : "kernel: ELF machine 62: must be 183, AArch64");
}

static void test_headers_of_other_sizes(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.header.e_phentsize = 55;
    refuse(&kernel, "kernel: broken ELF file: headers of 64 bytes, 4 program headers of 55 bytes");
    kernel = good();
    kernel.header.e_phnum = 0;
    refuse(&kernel, "kernel: broken ELF file: headers of 64 bytes, 0 program headers of 56 bytes");
    kernel = good();
    kernel.header.e_ehsize = 63;
    refuse(&kernel, "kernel: broken ELF file: headers of 63 bytes, 4 program headers of 56 bytes");
    kernel = good();
    kernel.header.e_phoff = UINT64_MAX - 8;
    refuse(&kernel, "kernel: broken ELF file: the program headers leave the file");
}

static void test_the_interpreter_that_cannot_exist_is_no_program(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[3] =
        (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = offsetof(struct kernel, interpreter), .p_filesz = 24};
    accept(&kernel);
    strcpy(kernel.interpreter, "/lib64/ld.so");
    refuse(&kernel, "kernel: wants the interpreter \"/lib64/ld.so\": a program and no unikernel");
    kernel.segments[3].p_offset = UINT64_MAX;
    refuse(&kernel, "kernel: broken ELF file: the interpreter leaves the file");
}

static void test_addresses_below_the_kernels_place(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[0].p_vaddr = TEXT - 1;
    refuse(&kernel, "kernel: segment 0: lies below 0x100000 (0xfffff)");
    kernel = good();
    kernel.segments[2].p_vaddr = 0x11000; /* the boot information's, by a segment without bytes */
    refuse(&kernel, "kernel: segment 2: lies below 0x100000 (0x11000)");
    kernel = good();
    kernel.segments[0].p_align = 0x200000;
    refuse(&kernel, "kernel: segment 0: its pages begin below 0x100000 (0x0)");
}

static void test_addresses_beyond_the_memory(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[1].p_memsz = MEMORY - DATA + 1;
    refuse(&kernel,
           "kernel: segment 1: needs memory from 0x102000 on for 3137537 bytes, the guest has 4 MiB");
    kernel.segments[1].p_memsz = UINT64_MAX - 16; /* the sum would overflow */
    refuse(&kernel,
           "kernel: segment 1: needs memory from 0x102000 on for 18446744073709551599 bytes, the guest "
           "has 4 MiB");
    kernel = good();
    kernel.segments[2].p_memsz = MEMORY;
    refuse(&kernel,
           "kernel: segment 2: needs memory from 0x103008 on for 4194304 bytes, the guest has 4 MiB");
    kernel = good();
    kernel.segments[1].p_align = 0x400000;
    kernel.segments[1].p_vaddr = TEXT;
    refuse(&kernel, "kernel: segment 1: its pages begin below 0x100000 (0x0)");
    kernel = good();
    kernel.segments[1].p_align = 0x200000;
    kernel.segments[1].p_vaddr = 0x200000;
    kernel.segments[1].p_memsz = 0x1ff000;
    kernel.segments[2].p_memsz = 0;
    refuse(&kernel, "kernel: leaves no memory for a stack: it ends at 0x400000 of 4 MiB");
}

static void test_more_bytes_in_the_file_than_in_memory(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[1].p_memsz = 15;
    refuse(&kernel, "kernel: segment 1: more bytes in the file than in memory (0x10)");
}

static void test_offsets_outside_of_the_file(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[1].p_offset = UINT64_MAX - 8;
    refuse(&kernel, "kernel: segment 1: leaves the file (0xfffffffffffffff7)");
    kernel.segments[1].p_offset = sizeof kernel - 15;
    refuse(&kernel, "kernel: segment 1: leaves the file (0x171)");
}

static void test_alignments(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[0].p_align = 0;
    refuse(&kernel, "kernel: segment 0: its alignment is no power of two (0x0)");
    kernel.segments[0].p_align = 0x3000;
    refuse(&kernel, "kernel: segment 0: its alignment is no power of two (0x3000)");
    kernel.segments[0].p_align = 16;
    refuse(&kernel, "kernel: segment 0: is not aligned to pages (0x10)");
    kernel.segments[0].p_align = 1ULL << 63;
    refuse(&kernel, "kernel: segment 0: its alignment is more than the memory (0x8000000000000000)");
}

static void test_segments_that_overlap_or_descend(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[1].p_vaddr = TEXT + 16; /* another byte, but the same page */
    refuse(&kernel, "kernel: segment 1: overlaps the one before it, or stands below it (0x100000)");
    kernel = good();
    Elf64_Phdr first = kernel.segments[0];
    kernel.segments[0] = kernel.segments[1];
    kernel.segments[1] = first;
    refuse(&kernel, "kernel: segment 1: overlaps the one before it, or stands below it (0x100000)");
    kernel = good();
    kernel.segments[3] = segment(PF_R, 0, DATA + PAGE, 16, 16); /* on the zeros of segment 2 */
    refuse(&kernel, "kernel: segment 3: overlaps the one before it, or stands below it (0x103000)");
}

static void test_nothing_is_writable_and_executable(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[0].p_flags = PF_R | PF_W | PF_X;
    refuse(&kernel, "kernel: segment 0: is writable and executable at once (0x7)");
    kernel.segments[0].p_flags = PF_W | PF_X;
    refuse(&kernel, "kernel: segment 0: is writable and executable at once (0x3)");
}

static void test_the_entry_lies_in_code(void **state)
{
    (void)state;
    struct kernel kernel = good();
    static const uint64_t entries[] = {0, TEXT - 1, TEXT + 16, DATA, UINT64_MAX};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        char message[128];
        kernel.header.e_entry = entries[i];
        snprintf(message, sizeof message, "kernel: the entry 0x%llx lies in no executable segment",
                 (unsigned long long)entries[i]);
        refuse(&kernel, message);
    }
}

static void test_empty_segments_are_passed_over(void **state)
{
    (void)state;
    struct kernel kernel = good();
    kernel.segments[3] = segment(PF_R, 0, 0, 0, 0); /* the place of no thread's data */
    accept(&kernel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kernel_is_read),
        cmocka_unit_test(test_its_bytes_lie_where_they_were_linked_for),
        cmocka_unit_test(test_protection_is_given_to_whole_pages),
        cmocka_unit_test(test_a_file_that_is_cut_off),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_headers_of_other_sizes),
        cmocka_unit_test(test_the_interpreter_that_cannot_exist_is_no_program),
        cmocka_unit_test(test_addresses_below_the_kernels_place),
        cmocka_unit_test(test_addresses_beyond_the_memory),
        cmocka_unit_test(test_more_bytes_in_the_file_than_in_memory),
        cmocka_unit_test(test_offsets_outside_of_the_file),
        cmocka_unit_test(test_alignments),
        cmocka_unit_test(test_segments_that_overlap_or_descend),
        cmocka_unit_test(test_nothing_is_writable_and_executable),
        cmocka_unit_test(test_the_entry_lies_in_code),
        cmocka_unit_test(test_empty_segments_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
