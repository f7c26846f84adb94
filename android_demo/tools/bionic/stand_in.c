/* Stands in for Android's libc in tests: a library named libc.so that hands calls on to the C library of this machine.

   bionic_stand_in.py generates forwarded.h, the names that need no change, and compiles this file without the start files
   of the compiler. The names below differ between the two libraries, in meaning or altogether. None of them may call the
   library by name: the linker would bind the call to this library again. */
#include <stdarg.h>
#include <stddef.h>

#include "forwarded.h" /* #define FORWARDED(X) X(malloc) X(free) ... */

typedef struct Stream Stream;

extern void *real_dlsym(void *library, const char *name);
extern void *real_dlopen(const char *path, int mode);
__asm__(".symver real_dlsym, dlsym@GLIBC_2.34");
__asm__(".symver real_dlopen, dlopen@GLIBC_2.34");

enum { RTLD_NOW_MODE = 2, STREAM_BYTES = 152, NO_MODE = 0 };

/* What this file itself calls. */
#define NEEDED(X)                                                        \
    X(int, vfprintf, (Stream *, const char *, va_list))                  \
    X(int, fputc, (int, Stream *))                                       \
    X(int, fflush, (Stream *))                                           \
    X(int, fileno, (Stream *))                                           \
    X(unsigned, fputwc, (unsigned, Stream *))                            \
    X(size_t, fwrite, (const void *, size_t, size_t, Stream *))          \
    X(long, sysconf, (int))                                              \
    X(int, __xpg_strerror_r, (int, char *, size_t))                      \
    X(char *, strerror_r, (int, char *, size_t))                         \
    X(int *, __errno_location, (void))                                   \
    X(size_t, strlen, (const char *))                                    \
    X(char *, strchr, (const char *, int))                               \
    X(long, write, (int, const void *, size_t))                          \
    X(int, pthread_create, (void *, const void *, void *(*)(void *), void *)) \
    X(void, abort, (void))

#define DECLARE(result, name, parameters) static result(*real_##name) parameters;
NEEDED(DECLARE)

#define SLOT(name) void *slot_##name; /* forwards.S jumps to what is in it */
FORWARDED(SLOT)

static void *c_library, *math_library;
static Stream *in, *out, *err;

/* Android's streams are places in an array of known element size; programs compiled for it compute their addresses. */
char stand_in_streams[3 * STREAM_BYTES];
Stream *stand_in_stderr;

static Stream *stream(Stream *given) {
    ptrdiff_t place = (char *)given - stand_in_streams;
    if (place < 0 || place >= (ptrdiff_t)sizeof stand_in_streams) return given;
    Stream *known[] = {in, out, err};
    return known[place / STREAM_BYTES];
}

static void say(const char *text) { real_write(2, text, real_strlen(text)); }

int stand_in_vfprintf(Stream *to, const char *format, va_list values) { return real_vfprintf(stream(to), format, values); }
int stand_in_fprintf(Stream *to, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int written = real_vfprintf(stream(to), format, values);
    va_end(values);
    return written;
}
int stand_in_fputc(int c, Stream *to) { return real_fputc(c, stream(to)); }
unsigned stand_in_fputwc(unsigned c, Stream *to) { return real_fputwc(c, stream(to)); }
int stand_in_fflush(Stream *of) { return real_fflush(stream(of)); }
int stand_in_fileno(Stream *of) { return real_fileno(stream(of)); }
size_t stand_in_fwrite(const void *from, size_t size, size_t count, Stream *to) {
    return real_fwrite(from, size, count, stream(to));
}

/* The same questions have other numbers. */
long stand_in_sysconf(int question) {
    switch (question) {
        case 39: case 40: return real_sysconf(30);  /* page size */
        case 96: return real_sysconf(83);           /* configured processors */
        case 97: return real_sysconf(84);           /* processors online */
        case 98: return real_sysconf(85);           /* pages of memory */
        case 99: return real_sysconf(86);           /* pages that are free */
    }
    say("stand-in libc: sysconf with a question it does not know\n");
    return -1;
}

int stand_in_strerror_r(int code, char *text, size_t size) { return real___xpg_strerror_r(code, text, size); }
char *stand_in___gnu_strerror_r(int code, char *text, size_t size) { return real_strerror_r(code, text, size); }
int *stand_in___errno(void) { return real___errno_location(); }
size_t stand_in___strlen_chk(const char *text, size_t size) { (void)size; return real_strlen(text); }
char *stand_in___strchr_chk(const char *text, int c, size_t size) { (void)size; return real_strchr(text, c); }
long stand_in___write_chk(int file, const void *from, size_t count, size_t size) { (void)size; return real_write(file, from, count); }
size_t stand_in___ctype_get_mb_cur_max(void) { return 1; }
void stand_in___assert2(const char *file, int line, const char *function, const char *text) {
    stand_in_fprintf(err, "%s:%d %s: %s\n", file, line, function, text);
    real_abort();
}

/* Attributes of threads have another layout; those for default ones are as good here. */
int stand_in_pthread_create(void *thread, const void *attributes, void *(*run)(void *), void *argument) {
    (void)attributes;
    return real_pthread_create(thread, NULL, run, argument);
}

/* Android takes 0 for a mode. */
void *stand_in_dlopen(const char *path, int mode) { return real_dlopen(path, mode == NO_MODE ? RTLD_NOW_MODE : mode); }

int stand_in___system_property_get(const char *name, char *value) {
    (void)name;
    value[0] = 0;
    return 0;
}
void stand_in_android_set_abort_message(const char *text) { say(text); }
int stand_in___android_log_vprint(int priority, const char *tag, const char *format, va_list values) {
    stand_in_fprintf(err, "[log %d %s] ", priority, tag);
    int written = real_vfprintf(err, format, values);
    real_fputc('\n', err);
    return written;
}
int stand_in___android_log_write(int priority, const char *tag, const char *text) {
    return stand_in_fprintf(err, "[log %d %s] %s\n", priority, tag, text);
}

static void missing(void) {
    say("stand-in libc: a function that this machine's C library lacks was called\n");
    real_abort();
}

static void *find(const char *name) {
    void *found = real_dlsym(c_library, name);
    return found != NULL ? found : real_dlsym(math_library, name);
}

/* Before the constructors of the libraries that need this one. */
__attribute__((constructor(101))) static void start(void) {
    c_library = real_dlopen("libc.so.6", RTLD_NOW_MODE);
    math_library = real_dlopen("libm.so.6", RTLD_NOW_MODE);
#define FILL_NEEDED(result, name, parameters) real_##name = (result(*) parameters)find(#name);
    NEEDED(FILL_NEEDED)
    in = *(Stream **)find("stdin");
    out = *(Stream **)find("stdout");
    err = stand_in_stderr = *(Stream **)find("stderr");
#define FILL_SLOT(name)            \
    slot_##name = find(#name);     \
    if (slot_##name == NULL) slot_##name = (void *)missing;
    FORWARDED(FILL_SLOT)
}
