// What Swift cannot import to start and to confine a process: variadic calls, macros, filters of the kernel's.
#ifndef RECAST_CPROCESS_SHIM_H
#define RECAST_CPROCESS_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc declares it for GNU sources only; it is there since 2.34.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

// glibc declares them for GNU sources only.
struct recast_image {
    ElfW(Addr) base;
    const char *name;
    const ElfW(Phdr) *headers;
    ElfW(Half) count;
};
extern int dl_iterate_phdr(int (*each)(struct recast_image *, size_t, void *), void *context);
extern int madvise(void *start, size_t count, int advice);

/// Gives back what is resident of one loaded file and as it is in that file; what is needed again, the kernel maps
/// again.
static inline int recast_release_image(struct recast_image *image, size_t size, void *context) {
    const ElfW(Addr) page = (ElfW(Addr))sysconf(_SC_PAGESIZE);
    (void)size;
    // The kernel's own code comes from no file.
    if (image->name && strncmp(image->name, "linux-vdso", 10) == 0) return 0;
    for (int index = 0; index < image->count; index++) {
        const ElfW(Phdr) *header = &image->headers[index];
        if (header->p_type != PT_DYNAMIC) continue;
        // Code that the loader wrote into is not as it is in the file.
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(image->base + header->p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL) return 0;
            if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)) return 0;
        }
    }
    for (int index = 0; index < image->count; index++) {
        const ElfW(Phdr) *header = &image->headers[index];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W)) continue;
        ElfW(Addr) start = (image->base + header->p_vaddr + page - 1) & ~(page - 1);
        ElfW(Addr) end = (image->base + header->p_vaddr + header->p_memsz) & ~(page - 1);
        if (end > start && madvise((void *)start, end - start, 4 /* MADV_DONTNEED */) == 0)
            *(size_t *)context += end - start;
    }
    return 0;
}

/// Gives back the unchanged pages of the program and its libraries; returns how many bytes of addresses they take.
static inline size_t recast_release_images(void) {
    size_t bytes = 0;
    dl_iterate_phdr(recast_release_image, &bytes);
    return bytes;
}

/// Starts `path` with no environment, a process group of its own and nothing open but `channel` as standard
/// input and output, /dev/null as standard error and the `count` files as descriptors 3 and up, above all of which
/// they have to be here. Returns the process id, or -errno.
static inline int recast_spawn(
    const char *path, char *const arguments[], int channel, const int *files, int count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char *const environment[] = {NULL};
    pid_t child = 0;
    sigemptyset(&none);
    sigfillset(&all);
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0) return -status;
    status = posix_spawnattr_init(&attributes);
    if (status != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -status;
    }
    if (!status) status = posix_spawn_file_actions_adddup2(&actions, channel, 0);
    if (!status) status = posix_spawn_file_actions_adddup2(&actions, channel, 1);
    for (int i = 0; i < count && !status; i++)
        status = posix_spawn_file_actions_adddup2(&actions, files[i], 3 + i);
    if (!status) status = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (!status) status = posix_spawn_file_actions_addclosefrom_np(&actions, 3 + count);
    if (!status) status = posix_spawnattr_setsigmask(&attributes, &none);
    if (!status) status = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!status) status = posix_spawnattr_setpgroup(&attributes, 0);
    if (!status)
        status = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (!status) status = posix_spawn(&child, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return status ? -status : child;
}

/// A connected pair of sockets which no other program inherits; 0, or -errno.
static inline int recast_socket_pair(int pair[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ? -errno : 0;
}

/// `send` that fails where it would otherwise end the process with SIGPIPE.
static inline ssize_t recast_send(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_NOSIGNAL);
}

/// Becomes nobody, if the process is root and may; 0, or -errno.
static inline int recast_leave_root(void) {
    if (geteuid() != 0) return 0;
    // A root without capabilities, as in some containers, cannot, and has little that it could lose.
    if (setgroups(0, NULL)) return errno == EPERM ? 0 : -errno;
    return setgid(65534) || setuid(65534) ? -errno : 0;
}

/// Ends with the parent, leaves no core, cannot be traced, gains nothing from a set-user-id program.
static inline int recast_bind_to_parent(void) {
    struct rlimit nothing = {0, 0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0) || setrlimit(RLIMIT_CORE, &nothing) ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -errno;
    return 0;
}

/// Bounds the memory that can be written to and how long a file can become; 0, or -errno.
static inline int recast_limit(uint64_t data, uint64_t file) {
    struct rlimit memory = {data, data}, length = {file, file};
    return setrlimit(RLIMIT_DATA, &memory) || setrlimit(RLIMIT_FSIZE, &length) ? -errno : 0;
}

/// Shuts the calling thread, and those it starts, out of the file system and of TCP by Landlock.
/// 1 when that is in force, 0 when the kernel has no Landlock or keeps it from us, else -errno.
static inline int recast_forbid_files(void) {
    // The rights of the kernel's own header may be older than the kernel: they are spelled as bits here.
    // files, net, scope: the fields of struct landlock_ruleset_attr, as it has grown from version to version.
    struct { uint64_t files, net, scope; } rules = {0, 0, 0};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0) return errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM ? 0 : -errno;
    // Version 1 has 13 rights to files; 2 adds refer, 3 truncate, 5 ioctl on devices.
    rules.files = (1u << (version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13)) - 1;
    if (version >= 4) rules.net = 3;    // bind, connect
    if (version >= 6) rules.scope = 3;  // abstract sockets, signals
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    long set = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (set < 0) return -errno;
    long status = syscall(SYS_landlock_restrict_self, (int)set, 0);
    int failure = errno;
    close((int)set);
    return status ? -failure : 1;
}

#if defined(__x86_64__)
#define RECAST_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define RECAST_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

/// Takes from all threads of the process the system calls that reach beyond its memory and open descriptors.
/// 1 when that is in force, 0 when it is not known how on this processor, else -errno.
static inline int recast_forbid_calls(void) {
#ifdef RECAST_AUDIT_ARCH
    static const int forbidden[] = {
        // Files by name.
#ifdef __NR_open
        __NR_open, __NR_creat, __NR_unlink, __NR_rename, __NR_link, __NR_symlink, __NR_mkdir, __NR_rmdir,
        __NR_chmod, __NR_chown, __NR_lchown, __NR_mknod, __NR_utime, __NR_utimes, __NR_futimesat, __NR_stat,
        __NR_lstat, __NR_access, __NR_readlink,
#endif
        __NR_openat, __NR_openat2, __NR_unlinkat, __NR_renameat2, __NR_linkat, __NR_symlinkat, __NR_mkdirat,
        __NR_mknodat, __NR_fchmodat, __NR_fchownat, __NR_utimensat, __NR_truncate, __NR_chdir, __NR_chroot,
        __NR_setxattr, __NR_lsetxattr, __NR_removexattr, __NR_lremovexattr, __NR_open_by_handle_at,
        __NR_name_to_handle_at, __NR_readlinkat, __NR_faccessat, __NR_faccessat2,
#ifdef __NR_renameat
        __NR_renameat,
#endif
        // Programs and other processes.
        __NR_execve, __NR_execveat, __NR_kill, __NR_tkill, __NR_ptrace, __NR_process_vm_readv,
        __NR_process_vm_writev, __NR_pidfd_open, __NR_pidfd_getfd, __NR_pidfd_send_signal, __NR_kcmp,
        __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo,
#ifdef __NR_fork
        __NR_fork, __NR_vfork,
#endif
        // The network and other ways to talk.
        __NR_socket, __NR_socketpair, __NR_connect, __NR_bind, __NR_listen, __NR_accept, __NR_accept4,
        __NR_sendmsg, __NR_sendmmsg, __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register,
        __NR_shmget, __NR_shmat, __NR_msgget, __NR_semget, __NR_mq_open, __NR_inotify_init1, __NR_fanotify_init,
        // The system, and the rarely used parts of the kernel.
        __NR_mount, __NR_umount2, __NR_pivot_root, __NR_unshare, __NR_setns, __NR_bpf, __NR_perf_event_open,
        __NR_userfaultfd, __NR_keyctl, __NR_add_key, __NR_request_key, __NR_init_module, __NR_finit_module,
        __NR_delete_module, __NR_kexec_load, __NR_reboot, __NR_swapon, __NR_swapoff, __NR_personality,
        __NR_setuid, __NR_setgid, __NR_setreuid, __NR_setregid, __NR_setresuid, __NR_setresgid, __NR_setgroups,
        __NR_capset, __NR_acct, __NR_quotactl, __NR_settimeofday, __NR_clock_settime, __NR_adjtimex,
        __NR_sethostname, __NR_setdomainname, __NR_syslog, __NR_memfd_create,
    };
    enum { count = sizeof(forbidden) / sizeof(forbidden[0]), most = 4 * count + 32 };
    struct sock_filter code[most];
    int at = 0;
#define RECAST_LOAD(field) \
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RECAST_SKIP_UNLESS(value, skipped) \
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skipped)
#define RECAST_RETURN(value) code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (uint32_t)(value))
    RECAST_LOAD(arch);
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RECAST_AUDIT_ARCH, 1, 0);
    RECAST_RETURN(SECCOMP_RET_KILL_PROCESS);
    RECAST_LOAD(nr);
    // The x32 numbers are a second door to the same calls.
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1);
    RECAST_RETURN(SECCOMP_RET_KILL_PROCESS);
    for (size_t index = 0; index < count; index++) {
        RECAST_SKIP_UNLESS(forbidden[index], 1);
        RECAST_RETURN(SECCOMP_RET_ERRNO | EPERM);
    }
    // glibc falls back to clone, whose flags can be read here.
    RECAST_SKIP_UNLESS(__NR_clone3, 1);
    RECAST_RETURN(SECCOMP_RET_ERRNO | ENOSYS);
    RECAST_SKIP_UNLESS(__NR_clone, 4);
    RECAST_LOAD(args[0]);
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x00010000u /* CLONE_THREAD */, 0, 1);
    RECAST_RETURN(SECCOMP_RET_ALLOW);
    RECAST_RETURN(SECCOMP_RET_ERRNO | EPERM);
    // Signals to the process itself: abort is how a failed check ends it.
    RECAST_SKIP_UNLESS(__NR_tgkill, 4);
    RECAST_LOAD(args[0]);
    RECAST_SKIP_UNLESS(getpid(), 1);
    RECAST_RETURN(SECCOMP_RET_ALLOW);
    RECAST_RETURN(SECCOMP_RET_ERRNO | EPERM);
    RECAST_RETURN(SECCOMP_RET_ALLOW);
#undef RECAST_LOAD
#undef RECAST_SKIP_UNLESS
#undef RECAST_RETURN
    struct sock_fprog program = {(unsigned short)at, code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program)) return -errno;
    return 1;
#else
    return 0;
#endif
}

#endif
