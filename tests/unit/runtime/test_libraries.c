/* What a program needs to be loaded: ELF files, the loader's cache, the search. */
#include "runtime/sandbox/root/libraries.h"

#include <archive.h>
#include <elf.h>

#include "formats/base/cleanup.h"
#include "runtime/sandbox/root/elf_needed.h"
#include "tests/unit/fixtures/temporary.h"

static unsigned char *read_program(size_t *length)
{
    FILE *file = fopen("/proc/self/exe", "re");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*length);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

static bool contains(const struct strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->count; i++)
        if (strstr(strings->items[i], text) != NULL)
            return true;
    return false;
}

static void a_program_names_its_interpreter_and_libraries(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_elf_needed struct elf_needed needed;
    assert_int_equal(elf_needed_read("/proc/self/exe", &needed, &error), 0);
    assert_true(needed.machine != 0);
    assert_non_null(needed.interpreter);
    assert_true(contains(&needed.names, "libcmocka.so"));
    assert_true(contains(&needed.names, "libc.so"));
}

static void a_script_names_its_interpreter(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_elf_needed struct elf_needed needed;
    const char script[] = "#! /bin/dash -e\nexit\n";
    assert_int_equal(elf_needed_parse(script, sizeof script - 1, "s", &needed, &error), 0);
    assert_int_equal(needed.machine, 0);
    assert_string_equal(needed.interpreter, "/bin/dash");
}

static void what_is_no_elf_needs_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "#", "\177EL", "hello"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cleanup_error struct error error = {0};
        cleanup_elf_needed struct elf_needed needed;
        assert_int_equal(elf_needed_parse(texts[i], strlen(texts[i]), "t", &needed, &error), 0);
        assert_int_equal(needed.machine, 0);
        assert_int_equal(needed.names.count, 0);
    }
}

/* Under AddressSanitizer this shows that no offset is followed out of the file. */
static void a_truncated_elf_is_read_without_harm(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = read_program(&length);
    for (size_t cut = 0; cut < length; cut += cut < 4096 ? 7 : length / 97 + 1) {
        cleanup_error struct error error = {0};
        cleanup_elf_needed struct elf_needed needed;
        unsigned char *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        elf_needed_parse(part, cut, "cut", &needed, &error);
        free(part);
    }
    free(bytes);
}

static void hostile_headers_are_refused_or_harmless(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = read_program(&length);
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    /* Each byte of the headers in turn is made extreme. */
    size_t end = header.e_phoff + (size_t)header.e_phnum * sizeof(Elf64_Phdr);
    for (size_t i = 4; i < end && i < length; i++) {
        cleanup_error struct error error = {0};
        cleanup_elf_needed struct elf_needed needed;
        unsigned char before = bytes[i];
        bytes[i] = 0xff;
        elf_needed_parse(bytes, length, "hostile", &needed, &error);
        bytes[i] = before;
    }
    free(bytes);
}

static void a_name_that_does_not_end_in_the_file_is_refused(void **state)
{
    (void)state;
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr interpreter;
        char name[8];
        char behind[8]; /* not of the file */
    } file = {.name = "/lib/ld.", .behind = "so"};
    memcpy(file.header.e_ident, ELFMAG, SELFMAG);
    file.header.e_ident[EI_CLASS] = ELFCLASS64;
    file.header.e_ident[EI_DATA] = ELFDATA2LSB;
    file.header.e_phoff = sizeof file.header;
    file.header.e_phentsize = sizeof file.interpreter;
    file.header.e_phnum = 1;
    file.interpreter.p_type = PT_INTERP;
    file.interpreter.p_offset = sizeof file.header + sizeof file.interpreter;
    cleanup_error struct error error = {0};
    cleanup_elf_needed struct elf_needed needed;
    assert_int_equal(elf_needed_parse(&file, sizeof file - sizeof file.behind, "cut", &needed, &error), -1);
    assert_non_null(strstr(error.message, "its interpreter's path"));
}

/* Copies a program or library and says that it is for another machine. */
static void make_foreign(const struct temporary *temporary, const char *path, const char *copy)
{
    unsigned char bytes[64];
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose(file);
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    header.e_machine = header.e_machine == EM_S390 ? EM_PPC64 : EM_S390;
    header.e_phnum = 0;
    write_file_at(temporary->fd, copy, &header, sizeof header);
}

static void a_library_of_another_machine_is_passed_over(void **state)
{
    const struct temporary *temporary = *state;
    /* The first place that is looked at is the RUNPATH, so a program is made that has one. */
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr load, dynamic;
        Elf64_Dyn entries[5];
        char strings[512];
    } program = {0};
    size_t length = 1;
    memcpy(program.header.e_ident, ELFMAG, SELFMAG);
    program.header.e_ident[EI_CLASS] = ELFCLASS64;
    program.header.e_ident[EI_DATA] = ELFDATA2LSB;
#ifdef __x86_64__
    program.header.e_machine = EM_X86_64;
#else
    program.header.e_machine = EM_AARCH64;
#endif
    program.header.e_phoff = offsetof(typeof(program), load);
    program.header.e_phentsize = sizeof(Elf64_Phdr);
    program.header.e_phnum = 2;
    program.load = (Elf64_Phdr){.p_type = PT_LOAD, .p_filesz = sizeof program};
    program.dynamic = (Elf64_Phdr){.p_type = PT_DYNAMIC,
                                   .p_offset = offsetof(typeof(program), entries),
                                   .p_filesz = sizeof program.entries};
    program.entries[0] = (Elf64_Dyn){.d_tag = DT_STRTAB, .d_un.d_val = offsetof(typeof(program), strings)};
    program.entries[1] = (Elf64_Dyn){.d_tag = DT_NEEDED, .d_un.d_val = length};
    length += (size_t)sprintf(program.strings + length, "libc.so.6") + 1;
    program.entries[2] = (Elf64_Dyn){.d_tag = DT_RUNPATH, .d_un.d_val = length};
    sprintf(program.strings + length, "%s/foreign", temporary->path);
    write_file_at(temporary->fd, "program", &program, sizeof program);
    make_foreign(temporary, "/proc/self/exe", "foreign/libc.so.6");

    cleanup_error struct error error = {0};
    cleanup_strings struct strings files = {0};
    struct ld_cache cache;
    char path[300];
    snprintf(path, sizeof path, "%s/program", temporary->path);
    ld_cache_open("/nonexistent", &cache);
    assert_int_equal(libraries_find(&cache, path, &files, &error), 0);
    assert_true(contains(&files, "/libc.so.6"));
    assert_false(contains(&files, "/foreign/"));
}

/* Makes this program need libarchive, which needs liblzma, which nothing here uses itself. */
static const char *(*volatile library)(void) = archive_version_string;

static void libraries_of_libraries_are_found(void **state)
{
    (void)state;
    assert_non_null(library);
    cleanup_error struct error error = {0};
    cleanup_strings struct strings files = {0};
    struct ld_cache cache;
    ld_cache_open(LD_CACHE_PATH, &cache);
    char program[4096] = {0};
    assert_true(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
    assert_int_equal(libraries_find(&cache, program, &files, &error), 0);
    ld_cache_close(&cache);
    assert_true(contains(&files, "/ld-linux"));
    assert_true(contains(&files, "/libc.so.6"));
    assert_true(contains(&files, "/liblzma.so"));
    for (size_t i = 0; i < files.count; i++) {
        assert_int_equal(files.items[i][0], '/');
        assert_int_equal(access(files.items[i], R_OK), 0);
    }
}

static void the_default_directories_do_without_a_cache(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_strings struct strings files = {0};
    struct ld_cache cache;
    ld_cache_open("/nonexistent", &cache);
    assert_null(cache.bytes);
    assert_int_equal(libraries_find(&cache, "/bin/sh", &files, &error), 0);
    assert_true(contains(&files, "/libc.so.6"));
}

static void a_broken_cache_yields_nothing(void **state)
{
    (void)state;
    unsigned char bytes[128] = "glibc-ld.so.cache1.1";
    struct ld_cache cache = {.bytes = bytes, .length = sizeof bytes};
    cleanup_strings struct strings paths = {0};
    memset(bytes + 20, 0xff, sizeof bytes - 20);
    ld_cache_find(&cache, "libc.so.6", &paths);
    memset(bytes + 20, 0, 4);
    bytes[20] = 3; /* three entries fit; their offsets are out of the file */
    ld_cache_find(&cache, "libc.so.6", &paths);
    cache.length = 10;
    ld_cache_find(&cache, "libc.so.6", &paths);
    assert_int_equal(paths.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_names_its_interpreter_and_libraries),
        cmocka_unit_test(a_script_names_its_interpreter),
        cmocka_unit_test(what_is_no_elf_needs_nothing),
        cmocka_unit_test(a_truncated_elf_is_read_without_harm),
        cmocka_unit_test(hostile_headers_are_refused_or_harmless),
        cmocka_unit_test(a_name_that_does_not_end_in_the_file_is_refused),
        with_temporary(a_library_of_another_machine_is_passed_over),
        cmocka_unit_test(libraries_of_libraries_are_found),
        cmocka_unit_test(the_default_directories_do_without_a_cache),
        cmocka_unit_test(a_broken_cache_yields_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
