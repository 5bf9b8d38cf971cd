/* The zygote's work in C: what zygote.py and clone.py do, for most runs without touching a page of the interpreter, so
   that neither it nor the program's process has to copy one. What is rare comes back to Python as an event.

   Built on first use where there is a compiler (_helper.py); without one, the same is done in Python, more slowly. The
   structures are mirrored in native.py, the messages described in protocol.py. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long long u64;

#define ORDER_FD 3
#define FEED_FD 4
#define PIPE (1 << 16)
#define CHUNK (1 << 18)
#define LIMITS 6
#define FILE_SIZE 1
#define ADDRESS_SPACE 2
#define LEAVE (~0ull - 1)
#define NO_STATUS -1
#define LARGE (1 << 19)
#define DESCRIPTORS 256
#define START_FAILED 125
#define END_MILLISECONDS 1000
enum { RUN = 1, KILL = 2 };
enum { HAS_CHANNEL = 1, HAS_STDIN = 2, HAS_FEED = 4, HAS_FILES = 8, ON_TOP = 16 };
enum { BY_ITSELF, BY_WALL, BY_OUTPUT, BY_HOST, BY_CROWD };
enum { GONE, PROGRAM, SETTLE, FETCH, TIDY, FAILED, LATE };     /* events */
enum { PREPARE, AWAIT, START_RUN, WATCH, REPORTED, CLEAN };    /* stages: what is to be done next */

struct order { unsigned kind, fetch; u64 number, payload; double wall; u64 cap, size; };
struct report {
    unsigned kind, files;
    u64 number;
    int status, ended;
    double cpu, kernel, wall;
    u64 peak, used[2];
};
struct start { u64 rest, flags, limits[LIMITS][2]; };
struct beginning { u64 rest, flags; long long channel, failure; };
struct mark { u64 free_blocks, free_inodes, device; struct timespec changed, modified, read; unsigned mode, links; };

struct zygote {
    /* set by Python */
    const char *places[2]; /* that a program can write to */
    u64 mapped;            /* granted on top of the address space */
    unsigned char *buffer; /* that no child inherits */
    u64 room, size;        /* of the buffer, and of the scratch */
    int which[LIMITS], link;
    /* the run that is prepared or goes on */
    int stage, number, streams[2], order_line, watched, along[2], count, failure, proc;
    struct order order;
    struct report report;
    struct start start;
    double begun, deadline;
    int over; /* why, once Python knows that no more time is owed to the run */
    struct mark clean[2];
    int *thread;
    struct beginning beginning; /* what the program to be is told; else nothing */
};

/* With the first process: a futex; whether it shall end the run (a signal alone could be anybody's: the kernel forgets
   who sent one when it is short of room); the program's wait status; the most memory that any process had, in KiB. */
static struct { int started, ordered, status; long peak; } shared;
static void *back[5];
static char stack[64 << 10] __attribute__((aligned(64)));

/* ---- the first process of a run; see clone.py ---- */

static long reap(int *status, int options) {
    struct rusage usage;
    long ended = syscall(SYS_wait4, -1, status, __WALL | options, &usage);
    if (ended > 0 && usage.ru_maxrss > shared.peak)
        shared.peak = usage.ru_maxrss;
    return ended;
}

static void wait_for(long program, const unsigned long *signals) {
    for (;;) {
        int status, ordered = __atomic_load_n(&shared.ordered, __ATOMIC_SEQ_CST);
        long ended;
        while ((ended = reap(&status, WNOHANG)) > 0)
            if (ended == program) {
                shared.status = status;
                return;
            }
        if (ordered)
            return; /* the program may have ended by itself, its signal behind the order's: that was looked for */
        syscall(SYS_rt_sigtimedwait, signals, 0, 0, 8);
    }
}

static int be_first(void *unused) {
    (void)unused;
    const unsigned long signals = 1ul << (SIGUSR1 - 1) | 1ul << (SIGCHLD - 1);
    long program = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (program == 0)
        __builtin_longjmp(back, 1); /* off this stack, to where clone_run() was called */
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &signals, 0, 8);
    signal(SIGINT, SIG_DFL); /* the interpreter's handler would work on the memory that we share */
    __atomic_store_n(&shared.started, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &shared.started, FUTEX_WAKE, 1, 0, 0, 0);
    syscall(SYS_close_range, 0, ~0u, 0);
    if (program > 0)
        wait_for(program, &signals);
    syscall(SYS_kill, -1, SIGKILL);
    while (reap(0, 0) > 0)
        continue;
    syscall(SYS_exit_group, 0);
    return 0;
}

/* The number of a new first process, which shares our memory as a vfork child does; 0 in its child, a copy of us; or a
   negative errno. Should there be no program, the first process ends at once, and its status stays unknown. */
__attribute__((noinline)) static int clone_run(void) {
    shared.started = shared.ordered = shared.peak = 0;
    shared.status = NO_STATUS;
    if (__builtin_setjmp(back))
        return 0;
    int first = clone(be_first, stack + sizeof stack, CLONE_NEWPID | CLONE_VM | SIGCHLD, 0);
    if (first < 0)
        return -errno;
    while (!__atomic_load_n(&shared.started, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, &shared.started, FUTEX_WAIT, 0, 0, 0, 0);
    return first;
}

/* ---- the program to be ---- */

/* A machine or a group short of memory shall kill a program before the worker that makes runs. */
static void come_first(int proc) {
    prctl(PR_SET_DUMPABLE, 1); /* or the file would be root's */
    int score = openat(proc, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0 && write(score, "1000", 4) == 4)
        close(score);
    prctl(PR_SET_DUMPABLE, 0);
}

static int take(const int *descriptors, int proc, int *thread) {
    struct rlimit most = {DESCRIPTORS, DESCRIPTORS};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    if (thread)
        *thread = syscall(SYS_gettid);
    setsid();
    come_first(proc);
    for (int number = 0; number <= FEED_FD; number++)
        if (dup2(descriptors[number], number) < 0)
            return -errno;
    if (syscall(SYS_close_range, FEED_FD + 1, ~0u, 0) || setrlimit(RLIMIT_NOFILE, &most))
        return -errno;
    return syscall(SYS_capset, &header, none) ? -errno : 0;
}

static int limit(int which, u64 soft, u64 hard) {
    struct rlimit now, wanted = {soft, hard};
    if (!setrlimit(which, &wanted))
        return 0;
    if (getrlimit(which, &now)) /* above a ceiling of our own */
        return -1;
    wanted.rlim_max = hard < now.rlim_max ? hard : now.rlim_max;
    wanted.rlim_cur = soft < wanted.rlim_max ? soft : wanted.rlim_max;
    return setrlimit(which, &wanted);
}

static long receive(int line, void *data, size_t size, int *along, int *count) {
    char control[CMSG_SPACE(2 * sizeof(int))];
    struct iovec part = {data, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    long got;
    do
        got = recvmsg(line, &message, MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : 0;
    *count = header ? (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
    if (header)
        memcpy(along, CMSG_DATA(header), *count * sizeof(int));
    return got;
}

/* Wait for the order, take what comes with it, set the limits. 0 or a negative errno. */
static int await_start(struct zygote *z) {
    struct start *start = &z->start;
    if (receive(ORDER_FD, start, sizeof *start, z->along, &z->count) != sizeof *start)
        _exit(0); /* the worker ended */
    int next = 0;
    z->beginning = (struct beginning){start->rest, start->flags, -1, 0};
    if (start->flags & HAS_CHANNEL)
        z->beginning.channel = z->along[next++];
    if (start->flags & HAS_STDIN && (dup2(z->along[next], 0) < 0 || close(z->along[next])))
        return -errno;
    if (chdir(z->places[0]) || (!(start->flags & HAS_FEED) && close(FEED_FD)))
        return -errno;
    if (start->flags & ON_TOP)
        start->limits[ADDRESS_SPACE][0] = start->limits[ADDRESS_SPACE][1] += z->mapped;
    for (int place = 0; place < LIMITS; place++)
        if (start->limits[place][0] != LEAVE && !(place == FILE_SIZE && start->flags & HAS_FILES))
            if (limit(z->which[place], start->limits[place][0], start->limits[place][1]))
                return -errno;
    return 0;
}

/* ---- the memory that every run begins as a copy of ----

   In many small pages most of a run's cost is to copy their entries, to find the interpreter's code again, page by page,
   and to let go of it all. So all is moved once, content and addresses unchanged, to memory of its own in large pages,
   whose entries the kernel copies and drops many at a time; where it gives none, in small ones. The code of libraries,
   no longer backed by their files, is then copied with the rest, and each library takes two regions in place of five. */

#define HUGE (2ul << 20)
#define LARGEST (16ul << 20) /* library: of a larger one most is never used */
#define GAP (32ul << 20)
#define REGIONS 512

struct region { unsigned long start, end, inode; int protection; };

/* A line of /proc/self/maps. A region that must stay as it is has no protection: shared or unreadable ones, the stack. */
static void read_region(const char *line, struct region *region) {
    char *at;
    region->start = strtoul(line, &at, 16);
    region->end = strtoul(at + 1, &at, 16);
    const char *flags = at + 1;
    for (int field = 0; field < 3; field++)
        at = strchr(at + 1, ' ');
    region->inode = strtoul(at, &at, 10);
    at += strspn(at, " ");
    region->protection = 0;
    if (flags[0] == 'r' && flags[3] == 'p' && (*at != '[' || !strncmp(at, "[heap]", 6)))
        region->protection = PROT_READ | (flags[1] == 'w' ? PROT_WRITE : 0) | (flags[2] == 'x' ? PROT_EXEC : 0);
}

/* How many there are; none where they cannot be read. */
static int read_regions(int proc, struct region *regions) {
    static char text[64 << 10];
    size_t size = 0;
    int count = 0, file = openat(proc, "self/maps", O_RDONLY | O_CLOEXEC);
    for (long got; (got = read(file, text + size, sizeof text - 1 - size)) > 0; size += got)
        text[size + got] = 0;
    if (file >= 0)
        close(file);
    for (char *line = text, *end; count < REGIONS && (end = strchr(line, '\n')); line = end + 1)
        read_region(line, &regions[count++]);
    return count;
}

/* The end of what begins here and is moved as one: memory that is written, or a program or library; else nothing. */
static const struct region *end_of_range(const struct region *first, const struct region *end) {
    const struct region *next = first + 1;
    int runs = first->protection & PROT_EXEC;
    if (!first->inode)
        return first->protection == (PROT_READ | PROT_WRITE) ? next : first;
    for (; next < end && next->inode == first->inode && next->start == next[-1].end && next->protection; next++)
        runs |= next->protection & PROT_EXEC;
    return runs && next[-1].end - first->start <= LARGEST ? next : first;
}

/* Copy a range, `by` so many bytes further. */
static void copy_range(const struct region *one, const struct region *end, unsigned long by) {
    for (volatile u64 *from = (u64 *)one->start; from < (u64 *)end[-1].end; from++)
        *(volatile u64 *)((unsigned long)from + by) = *from;
}

/* Put the copy where the original is. What is not written becomes one region, all of it executable. */
static void put_range(const struct region *one, const struct region *end, unsigned long by) {
    for (const struct region *next; one < end; one = next) {
        int written = one->protection & PROT_WRITE;
        for (next = one + 1; next < end && (next->protection & PROT_WRITE) == written;)
            next++;
        void *copy = (void *)(one->start + by);
        size_t size = next[-1].end - one->start;
        if (written || !mprotect(copy, size, PROT_READ | PROT_EXEC))
            mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)one->start);
    }
}

/* Regions that lie near each other keep their places relative to large pages. Between the copies and their moves nothing
   may be written but to the stack. */
static void move_area(const struct region *first, const struct region *end) {
    unsigned long size = end[-1].end - first->start + 2 * HUGE;
    char *room = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return;
    madvise(room, size, MADV_HUGEPAGE);
    unsigned long by = (((unsigned long)room + HUGE - 1) & ~(HUGE - 1)) - (first->start & ~(HUGE - 1));
    const struct region *next;
    for (const struct region *one = first; one < end; one = next > one ? next : one + 1)
        if ((next = end_of_range(one, end)) > one)
            copy_range(one, next, by);
    for (const struct region *one = first; one < end; one = next > one ? next : one + 1)
        if ((next = end_of_range(one, end)) > one)
            put_range(one, next, by);
    munmap(room, size);
}

/* To be called once, by one thread, when all is there that is to be shared. `kept` is in memory that stays as it is: what
   no child inherits would else be inherited. */
void move_memory(int proc, const void *kept) {
    static struct region regions[REGIONS];
    const struct region *next, *end = regions + read_regions(proc, regions);
    for (struct region *one = regions; one < end; one++)
        if (one->start <= (unsigned long)kept && (unsigned long)kept < one->end)
            one->protection = 0;
    for (const struct region *one = regions; one < end; one = next) {
        for (next = one + 1; next < end && next->start - next[-1].end < GAP;)
            next++;
        move_area(one, next);
    }
}

/* ---- the zygote ---- */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static int fail(struct zygote *z) {
    z->failure = errno;
    return FAILED;
}

/* Leave nothing of the former run where the next one is copied from: our own frames lie below, too. */
__attribute__((noinline)) static void forget(struct zygote *z) {
    volatile unsigned char frames[2048];
    for (size_t at = 0; at < sizeof frames; at++)
        frames[at] = 0;
    memset(&z->order, 0, sizeof z->order);
    memset(&z->report, 0, sizeof z->report);
    memset(&z->start, 0, sizeof z->start);
    z->begun = z->deadline = 0;
    z->over = 0;
}

/* Where the C library remembers the number of this thread, which it only changes in forks of its own; or null. */
static int *own_thread(void) {
    int *place = 0;
    return !prctl(PR_GET_TID_ADDRESS, &place) && place && *place == syscall(SYS_gettid) ? place : 0;
}

static int prepare(struct zygote *z) {
    int in[2], out[2], err[2], line[2];
    if (pipe(in) || pipe(out) || pipe(err) || socketpair(AF_UNIX, SOCK_STREAM, 0, line))
        return fail(z);
    if (!z->thread)
        z->thread = own_thread();
    forget(z);
    int first = clone_run();
    if (first == 0) {
        int five[] = {in[0], out[1], err[1], line[1], in[1]};
        int failure = take(five, z->proc, z->thread);
        z->beginning.failure = failure ? failure : await_start(z);
        return PROGRAM;
    }
    if (first < 0) {
        z->failure = -first;
        return FAILED;
    }
    int theirs[] = {in[0], in[1], out[1], err[1], line[1]};
    for (int i = 0; i < 5; i++)
        close(theirs[i]);
    z->number = first;
    z->streams[0] = out[0], z->streams[1] = err[0], z->order_line = line[0];
    z->watched = syscall(SYS_pidfd_open, first, 0);
    z->stage = AWAIT;
    return z->watched < 0 ? fail(z) : -1;
}

static int send_whole(int line, const unsigned char *data, u64 size) {
    while (size) {
        long sent = send(line, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return -1;
        if (sent > 0)
            data += sent, size -= sent;
    }
    return 0;
}

/* Pass the payload on, its beginning with the descriptors. Should the program to be have been killed from outside, the
   rest is read all the same. GONE when the host is, FAILED when the kernel refused. */
static int hand_over(struct zygote *z) {
    int lost = 0;
    for (u64 left = z->order.payload; left;) {
        long got = recv(z->link, z->buffer, left < CHUNK ? left : CHUNK, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return GONE;
        left -= got;
        long sent = 0;
        if (z->count && !lost) {
            char control[CMSG_SPACE(2 * sizeof(int))] = {0};
            struct iovec part = {z->buffer, got};
            struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                                     .msg_controllen = CMSG_SPACE(z->count * sizeof(int))};
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(z->count * sizeof(int));
            memcpy(CMSG_DATA(header), z->along, z->count * sizeof(int));
            sent = sendmsg(z->order_line, &message, MSG_NOSIGNAL);
            lost = sent < 0;
            if (lost && errno != EPIPE && errno != ECONNRESET)
                return fail(z);
        }
        while (z->count)
            close(z->along[--z->count]);
        if (!lost)
            lost = send_whole(z->order_line, z->buffer + sent, got - sent) < 0;
    }
    return -1;
}

/* Read a stream that has something: once, or until it is empty. */
static void collect(struct zygote *z, int stream, int whole) {
    u64 cap = z->order.cap, *used = &z->report.used[stream];
    while (*used <= cap) {
        struct pollfd more = {z->streams[stream], POLLIN, 0};
        if (whole && (poll(&more, 1, 0) < 1 || !(more.revents & POLLIN)))
            return;
        long got = read(z->streams[stream], z->buffer + stream * (cap + PIPE) + *used, cap + 1 - *used);
        if (got > 0)
            *used += got;
        if (!whole || got <= 0)
            return;
    }
}

static int over(struct zygote *z) { return z->report.used[0] > z->order.cap || z->report.used[1] > z->order.cap; }

/* Collect output until the run ends, passes a limit, or the host speaks; why it ended, or -1 when the host is gone. */
static int watch(struct zygote *z, double deadline) {
    struct pollfd all[] = {/* the end first: what it left is seen after it */
                           {z->watched, POLLIN, 0},
                           {z->streams[0], POLLIN, 0},
                           {z->streams[1], POLLIN, 0},
                           {z->link, POLLIN, 0}};
    for (double left = 1; left > 0;) { /* once when it is over, too: the end may lie there, and we be late ourselves */
        left = deadline - now();
        if (poll(all, 4, left <= 0 ? 0 : left < 1e6 ? (int)(left * 1000) + 1 : 1000000000) < 1)
            continue;
        int ended = all[0].revents != 0;
        for (int stream = 0; stream < 2; stream++) {
            if (all[1 + stream].revents & POLLIN)
                collect(z, stream, ended);
            else if (all[1 + stream].revents)
                all[1 + stream].fd = -1; /* closed by all that could write */
        }
        if (over(z))
            return BY_OUTPUT;
        if (ended)
            return BY_ITSELF;
        if (all[3].revents) {
            struct order kill;
            if (recv(z->link, &kill, sizeof kill, MSG_WAITALL) != sizeof kill)
                return -1;
            if (kill.kind == KILL && kill.number == z->order.number)
                return BY_HOST;
        }
    }
    return BY_WALL;
}

static void end(struct zygote *z, int why, struct rusage *usage) {
    if (why != BY_ITSELF) { /* the first process reaps all others, so that they are counted; or the kernel ends them */
        struct pollfd gone = {z->watched, POLLIN, 0};
        if (poll(&gone, 1, 0) < 1) {
            __atomic_store_n(&shared.ordered, 1, __ATOMIC_SEQ_CST);
            kill(z->number, SIGUSR1);
            poll(&gone, 1, END_MILLISECONDS);
        }
        kill(z->number, SIGKILL);
    }
    while (wait4(z->number, 0, 0, usage) < 0 && errno == EINTR)
        continue;
}

static int begin(struct zygote *z) {
    memset(&z->report, 0, sizeof z->report);
    z->begun = now(), z->deadline = z->begun + z->order.wall;
    int event = hand_over(z);
    if (event >= 0)
        return event;
    if (z->order.fetch) /* the names stay at the end of the buffer */
        if (recv(z->link, z->buffer + z->room - z->order.fetch, z->order.fetch, MSG_WAITALL) != z->order.fetch)
            return GONE;
    z->stage = WATCH;
    return -1;
}

static int go_on(struct zygote *z) {
    struct report *report = &z->report;
    struct rusage usage;
    int why = watch(z, z->deadline);
    if (why == BY_WALL && !z->over)
        return LATE; /* which comes back here, with a deadline or with a reason */
    if (why == BY_WALL)
        why = z->over;
    end(z, why, &usage);
    if (why < 0)
        return GONE;
    for (int stream = 0; stream < 2 && why != BY_ITSELF; stream++)
        collect(z, stream, 1);
    report->kind = RUN, report->number = z->order.number, report->status = shared.status, report->ended = why;
    if (over(z)) {
        report->ended = BY_OUTPUT;
        for (int stream = 0; stream < 2; stream++)
            if (report->used[stream] > z->order.cap)
                report->used[stream] = z->order.cap;
    }
    report->kernel = usage.ru_stime.tv_sec + usage.ru_stime.tv_usec * 1e-6;
    report->cpu = report->kernel + usage.ru_utime.tv_sec + usage.ru_utime.tv_usec * 1e-6;
    report->peak = (u64)(shared.peak ? shared.peak : usage.ru_maxrss) * 1024; /* the first process's own is ours */
    report->wall = now() - z->begun;
    close(z->streams[0]), close(z->streams[1]), close(z->watched);
    z->stage = REPORTED;
    return report->status == START_FAILED << 8 || z->order.fetch ? FETCH : -1;
}

static int tell(struct zygote *z) {
    u64 half = z->order.cap + PIPE;
    struct iovec parts[] = {{&z->report, sizeof z->report},
                            {z->buffer, z->report.used[0]},
                            {z->buffer + half, z->report.used[1]}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    long sent = sendmsg(z->link, &message, MSG_NOSIGNAL);
    if (sent < 0)
        return -1;
    for (int i = 0; i < 3; i++) {
        u64 skipped = (u64)sent < parts[i].iov_len ? (u64)sent : parts[i].iov_len;
        sent -= skipped;
        if (send_whole(z->link, (unsigned char *)parts[i].iov_base + skipped, parts[i].iov_len - skipped))
            return -1;
    }
    return 0;
}

/* What changes when anything is done to a place: see scratch.py. */
static int look(const char *place, struct mark *mark) {
    struct statfs space;
    struct stat folder;
    memset(mark, 0, sizeof *mark);
    if (statfs(place, &space) || stat(place, &folder))
        return -1;
    mark->free_blocks = space.f_bfree, mark->free_inodes = space.f_ffree;
    mark->device = folder.st_dev, mark->mode = folder.st_mode, mark->links = folder.st_nlink;
    mark->changed = folder.st_ctim, mark->modified = folder.st_mtim, mark->read = folder.st_atim;
    return 0;
}

static int is_clean(struct zygote *z) {
    struct mark marks[2];
    for (int i = 0; i < 2; i++)
        if (look(z->places[i], &marks[i]))
            return 0;
    return !memcmp(marks, z->clean, sizeof marks);
}

/* Python has mounted the scratch anew: this is how it looks when nothing was written. */
int remember_clean(struct zygote *z) { return look(z->places[0], &z->clean[0]) || look(z->places[1], &z->clean[1]); }

/* Serve until something is Python's to do. */
int serve(struct zygote *z) {
    for (int event;;) {
        switch (z->stage) {
        case PREPARE:
            if ((event = prepare(z)) >= 0)
                return event;
            break;
        case AWAIT:
            if (receive(z->link, &z->order, sizeof z->order, z->along, &z->count) != sizeof z->order)
                return GONE;
            if (z->order.kind != RUN)
                break; /* to kill a run that has ended by itself */
            z->stage = START_RUN;
            if (z->order.size != z->size || z->room < 2 * (z->order.cap + PIPE) + z->order.fetch)
                return SETTLE;
            break;
        case START_RUN:
            if ((event = begin(z)) >= 0)
                return event;
            break;
        case WATCH:
            if ((event = go_on(z)) >= 0)
                return event;
            if (tell(z))
                return GONE;
            break;
        case REPORTED:
            close(z->order_line);
            if (z->report.used[0] > LARGE || z->report.used[1] > LARGE) /* or it would count among the next run's */
                madvise(z->buffer, z->room, MADV_DONTNEED);
            z->stage = CLEAN;
            if (!is_clean(z))
                return TIDY;
            break;
        case CLEAN:
            z->stage = PREPARE;
        }
    }
}
