/* The header of an arm64 Image (Linux, arm64/booting.rst) and the entry: MMU off, x0 holds the device tree's address. */
        .section .text.start, "ax"
        .globl start
start:
        b entry
        .long 0
        .quad 0             /* text_offset, from a base that is a multiple of 2 MiB */
        .quad image_size
        .quad 0x2           /* little-endian, 4 KiB pages */
        .quad 0
        .quad 0
        .quad 0
        .ascii "ARM\x64"
        .long 0

entry:
        adrp x1, stack_top
        add x1, x1, :lo12:stack_top
        mov sp, x1
        bl guest_main

        .section .note.GNU-stack, "", @progbits
