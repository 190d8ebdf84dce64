/* System calls that fail, tear, kill or are written down: loaded before the C library (LD_PRELOAD).

   Calls that change something below one folder are counted in memory that all processes of a scene share.
   At a chosen count the call fails, is done by half, or its process is killed right before or after it;
   in a log all calls are written down in their true order, with what was written. See calls.py. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF, COUNT, FAIL, KILL_BEFORE, KILL_AFTER, KILL_HALF, INTERRUPT, LOG };
enum { OPEN = 1, WRITE = 2, SYNC = 4, TRUNCATE = 8, RENAME = 16, UNLINK = 32, MKDIR = 64, SAY = 128, LOOK = 256, READ = 512 };

struct control {
    int32_t mode, error;
    int64_t nth, many, count;
    int32_t kinds, lock;
    int64_t done;
    char root[512], log[512], last[512];
};

static struct control *shared;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("TWIN_CALLS");
    int fd = name ? (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void *seen = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (seen != MAP_FAILED) shared = seen;
    syscall(SYS_close, fd);
}

static int below(const char *path) {
    size_t n = strlen(shared->root);
    return n && !strncmp(path, shared->root, n) && (path[n] == '/' || !path[n]);
}

/* The path as it was meant, or "" where it does not lie below the folder. */
static const char *meant(int at, const char *path, char *room) {
    if (!shared || !shared->mode || !path) return "";
    if (path[0] == '/') snprintf(room, PATH_MAX, "%s", path);
    else {
        char base[PATH_MAX], link[64];
        snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, base, sizeof base - 1);
        if (n < 0) return "";
        base[n] = 0;
        if (snprintf(room, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return "";
    }
    return below(room) ? room : "";
}

static const char *opened_as(int fd, char *room) {
    if (!shared || !shared->mode) return "";
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, room, PATH_MAX - 1);
    if (n < 0) return "";
    room[n] = 0;
    return below(room) ? room : "";
}

static void take(void) { while (__sync_lock_test_and_set(&shared->lock, 1)) syscall(SYS_sched_yield); }
static void give(void) { __sync_lock_release(&shared->lock); }

static void note(int kind, const char *a, const char *b, int64_t at, const void *data, size_t size) {
    struct { int32_t kind, pid, a, b; int64_t at, size; } head =
        {kind, getpid(), (int32_t)strlen(a), (int32_t)strlen(b), at, (int64_t)size};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)a, head.a}, {(void *)b, head.b}, {(void *)data, size}};
    int fd = (int)syscall(SYS_openat, AT_FDCWD, shared->log, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (fd < 0 || syscall(SYS_writev, fd, parts, 4) != (ssize_t)(sizeof head + head.a + head.b + size)) abort();
    syscall(SYS_close, fd);
}

/* What is to become of this call: 0 go on, 1 fail (errno is set), 2 by half, 3 kill after. */
static int fate(int kind, const char *path) {
    if (!(shared->kinds & kind)) return 0;
    int64_t n = __sync_add_and_fetch(&shared->count, 1);
    if (shared->mode == INTERRUPT) {
        if (kind & (SYNC | RENAME | UNLINK | MKDIR)) return 0;
        if (n % 3 == 0) { errno = EINTR; __sync_add_and_fetch(&shared->done, 1); return 1; }
        return kind & (WRITE | READ) ? 2 : 0;
    }
    if (n < shared->nth || (shared->many >= 0 && n >= shared->nth + shared->many)) return 0;
    if (shared->mode == COUNT || shared->mode == LOG) return 0;
    if (!__sync_fetch_and_add(&shared->done, 1)) snprintf(shared->last, sizeof shared->last, "%d %.490s", kind, path);
    switch (shared->mode) {
        case FAIL: errno = shared->error; return 1;
        case KILL_BEFORE: kill(getpid(), SIGKILL); pause();
        case KILL_AFTER: return 3;
        case KILL_HALF: return kind == WRITE ? 4 : 3;
    }
    return 0;
}

static void end(int what) { if (what >= 3) { kill(getpid(), SIGKILL); pause(); } }

#define LOGS (shared->mode == LOG)
#define ROOM char room[PATH_MAX]

static int open_as(int at, const char *path, int flags, mode_t mode) {
    ROOM;
    const char *name = meant(at, path, room);
    int changes = flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC);
    if (!*name || !changes || (flags & O_TMPFILE) == O_TMPFILE) {
        int kind = (flags & O_TMPFILE) == O_TMPFILE ? OPEN : LOOK;
        if (*name && fate(kind, name) == 1) return -1;
        return (int)syscall(SYS_openat, at, path, flags, mode);
    }
    int what = fate(OPEN, name);
    if (what == 1) return -1;
    if (LOGS) take();
    int is_new = syscall(SYS_faccessat, AT_FDCWD, name, F_OK) != 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (LOGS) {
        if (fd >= 0 && is_new) note(OPEN, name, "", 0, "", 0);
        else if (fd >= 0 && (flags & O_TRUNC)) note(TRUNCATE, name, "", 0, "", 0);
        give();
    }
    end(what);
    return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); \
    mode = va_arg(more, mode_t); va_end(more); }
int open(const char *path, int flags, ...) { MODE return open_as(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_as(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return open_as(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return open_as(at, path, flags | O_LARGEFILE, mode); }
int creat(const char *path, mode_t mode) { return open_as(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static ssize_t put(int fd, const void *data, size_t size, off_t at, int placed) {
    return placed ? syscall(SYS_pwrite64, fd, data, size, at) : syscall(SYS_write, fd, data, size);
}

static ssize_t written(int fd, const void *data, size_t size, off_t at, int placed) {
    ROOM;
    if (shared && LOGS && fd == 1) { take(); note(SAY, "", "", 0, data, size); give(); }
    const char *name = opened_as(fd, room);
    if (!*name) return put(fd, data, size, at, placed);
    int what = fate(WRITE, name);
    if (what == 1) return -1;
    if (what == 2 || what == 4) size = size > 1 ? size / 2 : size;
    if (LOGS) take();
    if (!placed && LOGS) {
        int is_end = (int)syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND;
        at = syscall(SYS_lseek, fd, 0, is_end ? SEEK_END : SEEK_CUR);
    }
    ssize_t n = put(fd, data, size, at, placed);
    if (LOGS) { if (n > 0) note(WRITE, name, "", at, data, (size_t)n); give(); }
    end(what);
    return n;
}

ssize_t write(int fd, const void *data, size_t size) { return written(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return written(fd, data, size, at, 1); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    ROOM;
    if (!*opened_as(fd, room)) return syscall(SYS_writev, fd, parts, count);
    for (int i = 0; i < count; i++) if (parts[i].iov_len) return written(fd, parts[i].iov_base, parts[i].iov_len, 0, 0);
    return 0;
}
/* Copies inside the kernel are done by hand, so that what is written is seen. */
ssize_t sendfile(int out, int in, off_t *at, size_t size) {
    ROOM;
    if (!*opened_as(out, room)) return syscall(SYS_sendfile, out, in, at, size);
    char piece[65536];
    if (size > sizeof piece) size = sizeof piece;
    ssize_t n = at ? syscall(SYS_pread64, in, piece, size, *at) : syscall(SYS_read, in, piece, size);
    if (n <= 0) return n;
    ssize_t m = written(out, piece, (size_t)n, 0, 0);
    if (m >= 0 && at) *at += m;
    if (m < n && !at) syscall(SYS_lseek, in, (m < 0 ? 0 : m) - n, SEEK_CUR);
    return m;
}
ssize_t sendfile64(int out, int in, off_t *at, size_t size) { return sendfile(out, in, at, size); }
ssize_t copy_file_range(int in, off64_t *a, int out, off64_t *b, size_t size, unsigned flags) {
    ROOM;
    if (!*opened_as(out, room)) return syscall(SYS_copy_file_range, in, a, out, b, size, flags);
    errno = EXDEV;
    return -1;
}

static ssize_t seen(int fd, void *data, size_t size, off_t at, int placed) {
    ROOM;
    const char *name = opened_as(fd, room);
    int what = *name ? fate(READ, name) : 0;
    if (what == 1) return -1;
    if (what == 2) size = size > 1 ? size / 2 : size;
    ssize_t n = placed ? syscall(SYS_pread64, fd, data, size, at) : syscall(SYS_read, fd, data, size);
    end(what);
    return n;
}
ssize_t read(int fd, void *data, size_t size) { return seen(fd, data, size, 0, 0); }
ssize_t pread(int fd, void *data, size_t size, off_t at) { return seen(fd, data, size, at, 1); }
ssize_t pread64(int fd, void *data, size_t size, off_t at) { return seen(fd, data, size, at, 1); }

#define DONE(kind, name, other, place, call) \
    do { \
        int what = fate(kind, name); \
        if (what == 1) return -1; \
        if (LOGS) take(); \
        int told = (int)(call); \
        if (LOGS) { if (!told) note(kind, name, other, place, "", 0); give(); } \
        end(what); \
        return told; \
    } while (0)

int fsync(int fd) {
    ROOM;
    const char *name = opened_as(fd, room);
    if (!*name) return (int)syscall(SYS_fsync, fd);
    DONE(SYNC, name, "", 0, syscall(SYS_fsync, fd));
}
int fdatasync(int fd) {
    ROOM;
    const char *name = opened_as(fd, room);
    if (!*name) return (int)syscall(SYS_fdatasync, fd);
    DONE(SYNC, name, "", 0, syscall(SYS_fdatasync, fd));
}
int ftruncate(int fd, off_t size) {
    ROOM;
    const char *name = opened_as(fd, room);
    if (!*name) return (int)syscall(SYS_ftruncate, fd, size);
    DONE(TRUNCATE, name, "", size, syscall(SYS_ftruncate, fd, size));
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int renamed(int a, const char *from, int b, const char *to, unsigned flags) {
    ROOM; char other[PATH_MAX];
    const char *old = meant(a, from, room), *made = meant(b, to, other);
    if (!*old && !*made) return (int)syscall(SYS_renameat2, a, from, b, to, flags);
    DONE(RENAME, old, made, 0, syscall(SYS_renameat2, a, from, b, to, flags));
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return renamed(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return renamed(a, from, b, to, flags); }

static int unlinked(int at, const char *path, int flags) {
    ROOM; const char *name = meant(at, path, room);
    if (!*name) return (int)syscall(SYS_unlinkat, at, path, flags);
    DONE(UNLINK, name, "", 0, syscall(SYS_unlinkat, at, path, flags));
}
int unlink(const char *path) { return unlinked(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlinked(at, path, flags); }
int rmdir(const char *path) { return unlinked(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) { struct stat is; return stat(path, &is) ? -1 : S_ISDIR(is.st_mode) ? rmdir(path) : unlink(path); }

static int folder_made(int at, const char *path, mode_t mode) {
    ROOM; const char *name = meant(at, path, room);
    if (!*name) return (int)syscall(SYS_mkdirat, at, path, mode);
    DONE(MKDIR, name, "", 0, syscall(SYS_mkdirat, at, path, mode));
}
int mkdir(const char *path, mode_t mode) { return folder_made(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return folder_made(at, path, mode); }
