/* Multiboot 1 header and entry. QEMU's -kernel loads the ELF and enters here in 32-bit protected mode, paging off. */
        .set MAGIC, 0x1BADB002
        .set FLAGS, 0x3 /* modules page-aligned, memory information */

        .section .multiboot, "a"
        .balign 4
        .long MAGIC
        .long FLAGS
        .long -(MAGIC + FLAGS)

        .section .text.start, "ax"
        .globl start
start:
        movl $stack_top, %esp
        xorl %ebp, %ebp
        pushl %ebx /* multiboot information */
        pushl %eax /* loader's magic */
        call guest_main
halt:
        cli
        hlt
        jmp halt

        .section .bss.stack, "aw", @nobits
        .balign 16
        .skip 65536
stack_top:

        .section .note.GNU-stack, "", @progbits
