/* Entry: the boot information's address is in rdi, the stack ends where the memory does. */
        .section .text.start, "ax"
        .globl start
start:
        xorl %ebp, %ebp
        andq $-16, %rsp
        call target_start

        .section .note.GNU-stack, "", @progbits
