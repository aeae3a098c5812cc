/* Preloaded into a process: notes every change to the files of one folder, in order, for the power-cut simulator.

   Record: op (1 byte), name length (2), name, number (8), data length (4), data; little endian.
     W write, number = offset        T truncate, number = length      S synced, number = records before it began
     C created                       R renamed, data = new name       U unlinked
   Names are relative to FAULTS_DIR; FAULTS_LOG takes the records. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 4096
#define LONGEST_NAME 255

static char names[MOST_FILES][LONGEST_NAME + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t count;
static int log_fd = -2;
static const char *folder;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *within(const char *path) {
    if (log_fd == -2) {
        const char *target = getenv("FAULTS_LOG");
        folder = getenv("FAULTS_DIR");
        log_fd = target ? (int)syscall(SYS_openat, AT_FDCWD, target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    }
    if (log_fd < 0 || !folder || !path) return NULL;
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) || path[length] != '/') return NULL;
    const char *name = path + length + 1;
    size_t size = strlen(name);
    if (size > LONGEST_NAME || (size > 4 && !strcmp(name + size - 4, "-shm"))) return NULL;
    return name;
}

static const char *of(int fd) { return fd >= 0 && fd < MOST_FILES && names[fd][0] ? names[fd] : NULL; }

static void note(char op, const char *name, uint64_t number, const void *data, uint32_t size) {
    uint16_t length = (uint16_t)strlen(name);
    size_t total = 1 + 2 + length + 8 + 4 + size;
    char *record = malloc(total), *at = record;
    *at++ = op;
    memcpy(at, &length, 2), at += 2;
    memcpy(at, name, length), at += length;
    memcpy(at, &number, 8), at += 8;
    memcpy(at, &size, 4), at += 4;
    if (size) memcpy(at, data, size);
    pthread_mutex_lock(&lock);
    syscall(SYS_write, log_fd, record, total);
    count++;
    pthread_mutex_unlock(&lock);
    free(record);
}

static int opened(int fd, const char *path, int flags, int existed) {
    const char *name = fd >= 0 && fd < MOST_FILES ? within(path) : NULL;
    if (fd >= 0 && fd < MOST_FILES) names[fd][0] = 0;
    if (!name || (flags & O_DIRECTORY)) return fd;
    strcpy(names[fd], name);
    if (!existed) note('C', name, 0, NULL, 0);
    else if (flags & O_TRUNC) note('T', name, 0, NULL, 0);
    return fd;
}

#define OPENER(function)                                                        \
    int function(const char *path, int flags, ...) {                            \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                           \
        int existed = access(path, F_OK) == 0;                                  \
        return opened(REAL(function)(path, flags, mode), path, flags, existed); \
    }
OPENER(open)
OPENER(open64)

#define OPENER_AT(function)                                                         \
    int function(int place, const char *path, int flags, ...) {                     \
        va_list rest;                                                               \
        va_start(rest, flags);                                                      \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;   \
        va_end(rest);                                                               \
        int existed = faccessat(place, path, F_OK, 0) == 0;                         \
        return opened(REAL(function)(place, path, flags, mode), path, flags, existed); \
    }
OPENER_AT(openat)
OPENER_AT(openat64)

int close(int fd) {
    if (fd >= 0 && fd < MOST_FILES) names[fd][0] = 0;
    return REAL(close)(fd);
}

ssize_t write(int fd, const void *data, size_t size) {
    const char *name = of(fd);
    if (!name) return REAL(write)(fd, data, size);
    struct stat status;
    int is_append = fcntl(fd, F_GETFL) & O_APPEND;
    off_t at = is_append && !fstat(fd, &status) ? status.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = REAL(write)(fd, data, size);
    if (done > 0) note('W', name, (uint64_t)at, data, (uint32_t)done);
    return done;
}

#define WRITER_AT(function, offset_type)                                            \
    ssize_t function(int fd, const void *data, size_t size, offset_type at) {       \
        const char *name = of(fd);                                                  \
        ssize_t done = REAL(function)(fd, data, size, at);                          \
        if (name && done > 0) note('W', name, (uint64_t)at, data, (uint32_t)done);  \
        return done;                                                                \
    }
WRITER_AT(pwrite, off_t)
WRITER_AT(pwrite64, off64_t)

#define TRUNCATER(function, offset_type)                              \
    int function(int fd, offset_type length) {                        \
        const char *name = of(fd);                                    \
        int result = REAL(function)(fd, length);                      \
        if (name && !result) note('T', name, (uint64_t)length, NULL, 0); \
        return result;                                                \
    }
TRUNCATER(ftruncate, off_t)
TRUNCATER(ftruncate64, off64_t)

#define SYNCER(function)                              \
    int function(int fd) {                            \
        const char *name = of(fd);                    \
        pthread_mutex_lock(&lock);                    \
        uint64_t before = count;                      \
        pthread_mutex_unlock(&lock);                  \
        int result = REAL(function)(fd);              \
        if (name && !result) note('S', name, before, NULL, 0); \
        return result;                                \
    }
SYNCER(fsync)
SYNCER(fdatasync)

int unlink(const char *path) {
    const char *name = within(path);
    int result = REAL(unlink)(path);
    if (name && !result) note('U', name, 0, NULL, 0);
    return result;
}

int rename(const char *path, const char *target) {
    const char *name = within(path), *other = within(target);
    int result = REAL(rename)(path, target);
    if (name && other && !result) note('R', name, 0, other, (uint32_t)strlen(other));
    return result;
}
