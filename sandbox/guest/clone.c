/* One run, prepared: a first process that shares our memory, and its child, a copy of us, which becomes the program.

   The first process is made as a vfork child is (no page table is copied); it runs below, in C, on a stack of its own,
   and calls the kernel only. Its child leaves that stack for ours, so that clone_run() returns twice, as fork() does.
   Built on first use where there is a compiler; clone.py does the same in Python, a little slower. */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    int started; /* a futex: 0, then 1 */
    int status;  /* its wait status, -1 until it has ended by itself */
} shared;

static void *back[5];
static char stack[64 << 10] __attribute__((aligned(64)));

/* Wait for the program's end, or for the order to end it: SIGUSR1 from outside, whose sender has no number here. One
   from inside has a number, or a code below SI_USER where it was made up. */
static void wait_for(long program, const unsigned long *signals) {
    for (;;) {
        int status;
        siginfo_t what;
        long ended;
        while ((ended = syscall(SYS_wait4, -1, &status, __WALL | WNOHANG, 0)) > 0)
            if (ended == program) {
                shared.status = status;
                return;
            }
        if (syscall(SYS_rt_sigtimedwait, signals, &what, 0, 8) == SIGUSR1 && what.si_code == SI_USER && !what.si_pid)
            return;
    }
}

static int be_first(void *unused) {
    (void)unused;
    const unsigned long signals = 1ul << (SIGUSR1 - 1) | 1ul << (SIGCHLD - 1);
    long program = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (program == 0)
        __builtin_longjmp(back, 1);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &signals, 0, 8);
    __atomic_store_n(&shared.started, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &shared.started, FUTEX_WAKE, 1, 0, 0, 0);
    syscall(SYS_close_range, 0, ~0u, 0);
    if (program > 0)
        wait_for(program, &signals);
    syscall(SYS_kill, -1, SIGKILL);
    while (syscall(SYS_wait4, -1, 0, __WALL, 0) > 0)
        continue;
    syscall(SYS_exit_group, 0);
    return 0;
}

/* The number of a new first process (0 in its child, the program to be), or a negative errno. */
int clone_run(long flags) {
    shared.started = 0;
    shared.status = -1;
    if (__builtin_setjmp(back))
        return 0;
    int first = clone(be_first, stack + sizeof stack, (int)flags | CLONE_VM | SIGCHLD, 0);
    if (first < 0)
        return -errno;
    while (!__atomic_load_n(&shared.started, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, &shared.started, FUTEX_WAIT, 0, 0, 0, 0);
    return first; /* should there be no program, the first process has ended, and its status stays -1 */
}

/* The wait status of the last run's program; -1 when it was ended from outside. */
int status_of_program(void) { return shared.status; }
