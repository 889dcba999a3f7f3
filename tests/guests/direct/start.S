/* Two entries: 64-bit mode with the zero page in rsi (Linux, x86/boot.rst, "64-bit Boot Protocol"), which is the ELF's
 * own, and 32-bit mode without paging and hvm_start_info in ebx (Xen, "x86/HVM direct boot ABI"), which the note names. */
        .set CR0_PAGING, 1 << 31
        .set CR4_PAE, 1 << 5
        .set EFER, 0xc0000080
        .set EFER_LONG_MODE, 1 << 8

        .section .text.start, "ax"
        .code64
        .globl start
start:
        movl $page_map, %eax
        movq %rax, %cr3
        movl $stack_top, %esp
        xorl %ebp, %ebp
        movq %rsi, %rdi
        xorl %esi, %esi
        call guest_main

        .code32
        .globl pvh_start
pvh_start:
        movl $page_map, %eax
        movl %eax, %cr3
        movl %cr4, %eax
        orl $CR4_PAE, %eax
        movl %eax, %cr4
        movl $EFER, %ecx
        rdmsr
        orl $EFER_LONG_MODE, %eax
        wrmsr
        movl %cr0, %eax
        orl $CR0_PAGING, %eax
        movl %eax, %cr0
        lgdt descriptors
        ljmp $8, $pvh_start64

        .code64
pvh_start64:
        movl $stack_top, %esp
        xorl %ebp, %ebp
        movl %ebx, %edi
        movl $1, %esi
        call guest_main

        .section .data, "aw"
        .balign 8
descriptor_table:
        .quad 0
        .quad 0x00af9b000000ffff /* 64-bit code */
        .quad 0x00cf93000000ffff /* data */
descriptors:
        .word descriptors - descriptor_table - 1
        .long descriptor_table

        /* Present, writable; the last level has pages of 2 MiB. */
        .balign 4096
        .globl page_map
page_map:
        .quad pointers + 3
        .skip 511 * 8
pointers:
        .quad directories + 3, directories + 0x1003, directories + 0x2003, directories + 0x3003
        .skip 508 * 8
directories:
        .set address, 0
        .rept 4 * 512
        .quad address + 0x83
        .set address, address + 0x200000
        .endr

        .section .bss.stack, "aw", @nobits
        .balign 16
        .skip 65536
stack_top:

        .section .note.GNU-stack, "", @progbits
