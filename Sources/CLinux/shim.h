// System calls of Linux which Swift's Glibc module does not show.
#pragma once

#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/// Renames unless the new name is taken (renameat2 with RENAME_NOREPLACE).
static inline int recast_rename_new(int folder, const char *name, int new_folder, const char *new_name) {
    return (int)syscall(SYS_renameat2, folder, name, new_folder, new_name, 1u);
}

/// Copies from where one file stands to where another stands, inside the kernel.
static inline ssize_t recast_copy(int input, int output, size_t byte_count) {
    return syscall(SYS_copy_file_range, input, (void *)0, output, (void *)0, byte_count, 0u);
}
