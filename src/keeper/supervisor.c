// SPDX-License-Identifier: MIT
#include "supervisor.h"

#include "keeper/clock.h"
#include "launch.h"
#include "neighbour.h"

#include "ipc/checker.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A checker that has given no sign of life for so long stands still. */
#define SILENCE_MS (10 * IPC_CHECKER_ALIVE_MS)

/* It is started again after 1 s, then twice that, up to 30 s; from 1 s on again once it has run for
 * a minute. */
#define WAIT_FIRST_MS 1000
#define WAIT_MAX_MS   30000
#define RAN_WELL_NS   (60 * CLOCK_NS_PER_S)

/* A process that was killed ends at once, unless a disk holds it: then it is collected later. */
#define KILLED_WAIT_MS 500

/* No further checker is started while so many that were killed have not ended. */
#define LINGERING_MAX 4

/* The keeper's last word to hooks that take too long, beyond their own timeout. */
#define STOP_SLACK_MS 1000

struct nurse {
    char name[sizeof(LAUNCH_CHECKER)];
    struct launch_program program;
    int leash;
    int alive[2]; /* pipe from the checker */
    struct neighbour neighbour;
    int former_pidfd;
    pid_t checker;
    int pidfd;
    uint64_t heard_ns; /* the last sign of life */
    int wait_ms;
    int patience_ms;    /* of the checker at the end of the keeper */
    unsigned lingering; /* checkers that were killed and have not ended */
    bool retired;
};

enum why {
    WHY_ENDED,
    WHY_SILENT,
    WHY_LEASH,
    WHY_RETIRES,
};

/* The child's side of fork(). */
static _Noreturn void become_checker(const struct nurse *nurse, pid_t parent)
{
    const int error = launch_become(&nurse->program, parent);

    log_error("cannot start the checker, %s: %s", nurse->program.path, strerror(-error));
    _exit(127);
}

static int start_checker(struct nurse *nurse)
{
    const pid_t self = getpid();

    nurse->checker = fork();
    if (nurse->checker == 0)
        become_checker(nurse, self);
    if (nurse->checker < 0)
        return -errno;
    nurse->pidfd = pidfd_open(nurse->checker, 0);
    return nurse->pidfd < 0 ? -errno : 0;
}

/* Reads the signs of life; how many there are does not matter. */
static void drain_alive(struct nurse *nurse)
{
    char bytes[64];

    nurse->heard_ns = clock_now_ns();
    while (read(nurse->alive[0], bytes, sizeof(bytes)) > 0) {
    }
}

/* Until it has been silent for too long. */
static int silence_left_ms(const struct nurse *nurse)
{
    const uint64_t past_ms = (clock_now_ns() - nurse->heard_ns) / CLOCK_NS_PER_MS;

    return past_ms >= SILENCE_MS ? 0 : SILENCE_MS - (int)past_ms;
}

/* Waits until something is to be done about the running checker. */
static enum why watch(struct nurse *nurse)
{
    nurse->heard_ns = clock_now_ns();
    for (;;) {
        struct pollfd sources[3 + NEIGHBOUR_SOURCES] = {{.fd = nurse->pidfd, .events = POLLIN},
                                                        {.fd = nurse->leash, .events = POLLIN},
                                                        {.fd = nurse->alive[0], .events = POLLIN}};
        int count;

        neighbour_sources(&nurse->neighbour, sources + 3);
        count = poll(sources, sizeof(sources) / sizeof(sources[0]), silence_left_ms(nurse));

        if (silence_left_ms(nurse) == 0)
            return WHY_SILENT;
        if (count > 0 && sources[0].revents != 0)
            return WHY_ENDED;
        if (count > 0 && sources[1].revents != 0)
            return read(nurse->leash, &(char){0}, 1) == 1 ? WHY_RETIRES : WHY_LEASH;
        if (count > 0 && sources[2].revents != 0)
            drain_alive(nurse);
        neighbour_serve(&nurse->neighbour);
    }
}

/* Collects the checker, killed if it does not end by itself. True: exit code 0. */
static bool reap(struct nurse *nurse, int patience_ms, char *text, size_t size)
{
    struct pollfd ended = {.fd = nurse->pidfd, .events = POLLIN};
    siginfo_t info = {0};

    if (poll(&ended, 1, patience_ms) != 1) {
        (void)kill(nurse->checker, SIGKILL);
        (void)poll(&ended, 1, KILLED_WAIT_MS);
    }
    (void)waitid(P_PIDFD, (id_t)nurse->pidfd, &info, WEXITED | WNOHANG);
    (void)close(nurse->pidfd);
    if (info.si_pid == 0) {
        nurse->lingering++;
        (void)snprintf(text, size, "was killed and has not ended");
    } else if (info.si_code == CLD_EXITED) {
        (void)snprintf(text, size, "exited with code %d", info.si_status);
    } else {
        (void)snprintf(text, size, "was killed by signal %d (%s)", info.si_status,
                       strsignal(info.si_status));
    }
    return info.si_code == CLD_EXITED && info.si_status == 0;
}

/* Collects those that could not be ended before. */
static void collect_lingering(struct nurse *nurse)
{
    while (nurse->lingering > 0 && waitpid(-1, NULL, WNOHANG) > 0)
        nurse->lingering--;
}

/* Between two checkers. True: the keeper has let go meanwhile. */
static bool wait_for_next(struct nurse *nurse)
{
    struct pollfd leash = {.fd = nurse->leash, .events = POLLIN};
    const bool over = poll(&leash, 1, nurse->wait_ms) > 0;

    nurse->wait_ms = nurse->wait_ms * 2 < WAIT_MAX_MS ? nurse->wait_ms * 2 : WAIT_MAX_MS;
    return over;
}

/* One life of a checker. True: there shall be no other. */
static bool serve(struct nurse *nurse)
{
    const uint64_t started_ns = clock_now_ns();
    char text[128];
    enum why why;
    bool clean;
    int error;

    collect_lingering(nurse);
    error = nurse->lingering < LINGERING_MAX ? start_checker(nurse) : -EBUSY;
    if (error == -EBUSY) {
        log_error("the checker is not started again: %u that were killed have not ended, they hang "
                  "in the kernel",
                  nurse->lingering);
        return wait_for_next(nurse);
    }
    if (error < 0) {
        log_error("cannot start the checker: %s", strerror(-error));
        return wait_for_next(nurse);
    }
    why = watch(nurse);
    if (why == WHY_RETIRES) {
        nurse->retired = true;
        (void)kill(nurse->checker, IPC_CHECKER_RETIRE);
        why = watch(nurse);
    }
    clean = reap(nurse, why == WHY_LEASH ? nurse->patience_ms : 0, text, sizeof(text));
    if (why == WHY_LEASH || clean || nurse->retired)
        return true; /* the engine has closed its end */
    if (clock_now_ns() - started_ns >= RAN_WELL_NS)
        nurse->wait_ms = WAIT_FIRST_MS;
    log_warning("the checker %s%s; the last results of the checks count on, and it is started "
                "again in %d s",
                why == WHY_SILENT ? "stood still and " : "", text, nurse->wait_ms / 1000);
    return wait_for_next(nurse);
}

/* What has to be open in the new process. */
static void close_others(const struct nurse *nurse)
{
    const int kept[] = {nurse->program.fds[0],
                        nurse->program.fds[1],
                        nurse->program.file,
                        nurse->alive[0],
                        nurse->alive[1],
                        nurse->leash,
                        nurse->neighbour.send_fd,
                        nurse->neighbour.listen_fds[0],
                        nurse->neighbour.listen_fds[1],
                        nurse->neighbour.fd,
                        nurse->neighbour.checker_fd,
                        nurse->former_pidfd};

    for (int fd = LAUNCH_FD_FIRST; fd < LAUNCH_FDS_OPEN_MAX; fd++) {
        bool keep = false;

        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
            keep |= fd == kept[i];
        if (!keep)
            (void)close(fd);
    }
}

/* For the checkers, which inherit it: the signal waits until one listens to it, because the next
 * reload may come before. */
static void block_retire(void)
{
    sigset_t retire;

    (void)sigemptyset(&retire);
    (void)sigaddset(&retire, IPC_CHECKER_RETIRE);
    (void)sigprocmask(SIG_BLOCK, &retire, NULL);
}

static _Noreturn void supervise(struct nurse *nurse, const struct supervisor_begin *begin,
                                pid_t steward)
{
    int error;

    close_others(nurse);
    launch_leave_signals();
    block_retire();
    error = privilege_drop_checker(begin->user, &begin->setup->conf);
    if (error == 0)
        error = launch_die_with(steward);
    if (error < 0) {
        log_error("cannot give up what the checker must not have: %s", strerror(-error));
        _exit(1);
    }
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    while (!serve(nurse)) {
    }
    _exit(0);
}

/* The checker's part of the configuration, in a memfd. */
static int write_setup(const struct supervisor_begin *begin)
{
    struct ipc_checker_setup *own = calloc(1, sizeof(*own));
    int fd;

    if (own == NULL)
        return -ENOMEM;
    own->magic = IPC_CHECKER_MAGIC;
    own->build = ipc_build();
    own->self = begin->setup->self;
    own->verbose = begin->setup->verbose;
    own->generation = begin->generation;
    own->follows = begin->former_pidfd >= 0;
    own->conf = begin->setup->conf;
    fd = ipc_checker_setup_write(own);
    free(own);
    return fd;
}

static int open_all(struct nurse *nurse, const struct supervisor_begin *begin, int leash[2])
{
    const struct conf *conf = &begin->setup->conf;
    const int fd = write_setup(begin);
    const int error = fd < 0 ? fd : neighbour_open(&nurse->neighbour, conf);

    if (error < 0)
        return error;
    nurse->program = (struct launch_program){
        .path = begin->path, .name = nurse->name, .file = begin->file, .fd_count = 3};
    nurse->program.fds[IPC_CHECKER_FD_ENGINE - LAUNCH_FD_FIRST] = begin->checker_fd;
    nurse->program.fds[IPC_CHECKER_FD_CONF - LAUNCH_FD_FIRST] = fd;
    if (pipe2(leash, O_CLOEXEC) < 0 || pipe2(nurse->alive, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    nurse->program.fds[IPC_CHECKER_FD_ALIVE - LAUNCH_FD_FIRST] = nurse->alive[1];
    if (nurse->neighbour.checker_fd >= 0) {
        nurse->program.fds[IPC_CHECKER_FD_ASK - LAUNCH_FD_FIRST] = nurse->neighbour.checker_fd;
        nurse->program.fd_count++;
    }
    nurse->former_pidfd = begin->former_pidfd;
    if (nurse->former_pidfd >= 0) {
        if (nurse->neighbour.checker_fd < 0) /* something has to be in that place */
            nurse->program.fds[IPC_CHECKER_FD_ASK - LAUNCH_FD_FIRST] = nurse->alive[1];
        nurse->program.fds[IPC_CHECKER_FD_FORMER - LAUNCH_FD_FIRST] = nurse->former_pidfd;
        nurse->program.fd_count = IPC_CHECKER_FD_FORMER - LAUNCH_FD_FIRST + 1;
    }
    launch_fill_environment(&nurse->program);
    nurse->leash = leash[0];
    nurse->wait_ms = WAIT_FIRST_MS;
    nurse->patience_ms = (int)(conf->hook_timeout_ns / CLOCK_NS_PER_MS) + STOP_SLACK_MS;
    return 0;
}

/* The new process has them. */
static void close_neighbour(const struct neighbour *neighbour)
{
    const int fds[] = {neighbour->send_fd, neighbour->listen_fds[0], neighbour->listen_fds[1],
                       neighbour->fd, neighbour->checker_fd};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= LAUNCH_FD_FIRST)
            (void)close(fds[i]);
}

static void close_own(const struct nurse *nurse, int leash)
{
    (void)close(leash);
    (void)close(nurse->alive[0]);
    (void)close(nurse->alive[1]);
    (void)close(nurse->program.fds[IPC_CHECKER_FD_CONF - LAUNCH_FD_FIRST]);
    close_neighbour(&nurse->neighbour);
    launch_free_environment(&nurse->program);
}

int supervisor_start(const struct supervisor_begin *begin, struct supervisor *ret)
{
    const pid_t steward = getpid();
    struct nurse nurse = {.name = LAUNCH_CHECKER, .alive = {-1, -1}};
    int leash[2] = {-1, -1};
    int error;

    if (begin->file < 0) {
        log_error("cannot start the checker, %s: %s", begin->path, strerror(-begin->file));
        return -1;
    }
    error = open_all(&nurse, begin, leash);
    if (error == 0) {
        ret->pid = fork();
        if (ret->pid == 0)
            supervise(&nurse, begin, steward);
        error = ret->pid < 0 ? -errno : 0;
        close_own(&nurse, leash[0]);
    }
    if (error != 0) {
        log_error("cannot start the checker: %s", strerror(-error));
        ret->pid = 0;
        return -1;
    }
    ret->pidfd = pidfd_open(ret->pid, 0);
    ret->leash = leash[1];
    return 0;
}

void supervisor_retire(const struct supervisor *supervisor)
{
    if (supervisor->pid != 0)
        (void)!write(supervisor->leash, "", 1);
}

bool supervisor_collect(struct supervisor *supervisor)
{
    siginfo_t info = {0};

    if (waitid(P_PIDFD, (id_t)supervisor->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
        return false;
    (void)close(supervisor->leash);
    (void)close(supervisor->pidfd);
    supervisor->pid = 0;
    return true;
}

void supervisor_stop(struct supervisor *supervisor, uint64_t patience_ns)
{
    struct pollfd ended = {.fd = supervisor->pidfd, .events = POLLIN};
    siginfo_t info = {0};

    if (supervisor->pid == 0)
        return;
    (void)close(supervisor->leash);
    if (poll(&ended, 1, (int)(patience_ns / CLOCK_NS_PER_MS)) != 1) {
        (void)pidfd_send_signal(supervisor->pidfd, SIGKILL, NULL, 0);
        (void)poll(&ended, 1, KILLED_WAIT_MS);
    }
    (void)waitid(P_PIDFD, (id_t)supervisor->pidfd, &info, WEXITED | WNOHANG);
    (void)close(supervisor->pidfd);
    supervisor->pid = 0;
}
