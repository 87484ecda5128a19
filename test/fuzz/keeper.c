// SPDX-License-Identifier: MIT
/*
 * The keeper's whole loop, with an engine that sends any bytes, a kernel that refuses, other
 * programs that meddle with addresses and links, and strangers' frames. The harness stands where
 * poll() does: each call is one step of the input; when it is used up the engine ends.
 *
 * Whatever happens: no address is touched that the configuration does not name (fake_kernel.c), no
 * address of ours outlives its last deadline or the keeper itself unless the kernel refused to
 * remove it, the last will is sent only when nothing is left, and the engine hears nothing but
 * valid messages, of which every request gets its one answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "keeper.h"
#include "keeper/clock.h"
#include "launch.h"
#include "log/log.h"

#define VIPS      3U
#define TURNS_MAX 200U
#define SELF      0U
#define ANSWERS   64U /* requests in a row without an answer in between */

struct lab {
    struct input input;
    struct fake_kernel kernel;
    struct keeper keeper;
    int engine;     /* the engine's end */
    int signals[2]; /* a pipe in place of the signalfd */
    bool engine_ended;
    bool sent; /* something waits for the keeper */
    unsigned turns;
    uint64_t last_ns[VIPS]; /* the latest deadline that was ever given */
    uint64_t sequence;
    uint64_t asked[ANSWERS]; /* sequences of requests, in order */
    unsigned asked_count;
    bool nonsense;   /* something invalid was sent */
    int scribe;      /* its end; -1: it has ended */
    unsigned writes; /* orders that it has not answered */
};

/* poll() and the end of the engine are told nothing but what the program has. */
static struct lab *running;

int __real_poll(struct pollfd *sources, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *sources, nfds_t count, int timeout_ms);
int __wrap___poll_chk(struct pollfd *sources, nfds_t count, int timeout_ms, size_t bytes);
unsigned __wrap_will_send(const struct will *will);
enum launch_end __wrap_launch_reap(const struct launch_result *engine, int wait_ms, char *text,
                                   size_t size);

static void add_address(struct conf *conf, unsigned vip, const uint8_t *bytes, uint8_t family)
{
    struct conf_address *address = &conf->addresses[conf->address_count++];
    address->family = family;
    address->prefix = family == AF_INET ? 32 : 128;
    memcpy(address->bytes, bytes, family == AF_INET ? 4 : 16);
    conf->vips[vip].address_count++;
}

/* Two VIPs on the first link, one of them with both families, one with the link's name; one on the
 * second. */
static void configure(struct conf *conf)
{
    static const uint8_t v4[][4] = {{10, 9, 0, 1}, {10, 9, 0, 2}, {10, 9, 0, 3}};
    static const uint8_t v6[][16] = {{0xfd, 9, [15] = 1}, {0xfd, 9, [15] = 2}};
    conf->node_count = 2;
    conf->vip_count = VIPS;
    for (unsigned i = 0; i < 2; i++) {
        conf->nodes[i].address_count = 1;
        conf->nodes[i].addresses[0] =
            (struct conf_address){AF_INET, 32, {127, 0, 0, (uint8_t)(1 + i)}};
    }
    add_address(conf, 0, v4[0], AF_INET);
    add_address(conf, 0, v4[1], AF_INET);
    add_address(conf, 0, v6[0], AF_INET6);
    conf->vips[1].address_first = conf->address_count;
    add_address(conf, 1, v4[2], AF_INET);
    conf->vips[2].address_first = conf->address_count;
    add_address(conf, 2, v6[1], AF_INET6);
    memcpy(conf->vips[2].interface, "eth0", 5);
    for (unsigned vip = 0; vip < VIPS; vip++) {
        (void)snprintf(conf->vips[vip].name, sizeof(conf->vips[vip].name), "vip%u", vip);
        conf->vips[vip].kernel_lease_s = vip == 2 ? 0 : 2;
    }
}

/* Whatever other programs could do to an address of the host. */
static void meddle(struct lab *lab)
{
    struct input *input = &lab->input;
    const uint8_t bits = input_u8(input);
    struct fake_kernel *kernel = &lab->kernel;
    struct fake_address address = {.ifindex = 2U + (bits >> 7)};
    const unsigned index = (bits & 7U) % (lab->keeper.conf.address_count + 1U);
    if (index < lab->keeper.conf.address_count)
        address.address = lab->keeper.conf.addresses[index];
    else
        address.address = (struct conf_address){AF_INET, 24, {192, 168, 1, 1}};
    switch (bits >> 3 & 3U) {
    case 0:
        fake_kernel_delete(kernel, &address.address, address.ifindex);
        break;
    case 1:
        fake_kernel_add(kernel, &address);
        break;
    case 2: /* the mark is no secret; a keeper of an earlier run, perhaps */
        address.ours = index < lab->keeper.conf.address_count;
        fake_kernel_add(kernel, &address);
        break;
    default:
        if ((bits & 0xc0U) == 0xc0U)
            fake_kernel_rename(kernel, bits & 1U);
        else
            fake_kernel_link(kernel, bits & 1U, (bits & 2U) != 0 ? 0 : 2U + (bits & 1U),
                             (bits & 4U) != 0);
        break;
    }
}

static void refuse(struct lab *lab)
{
    static const int errors[] = {EEXIST, EACCES, ENOBUFS, EINVAL, ENODEV, EADDRNOTAVAIL};
    const uint8_t bits = input_u8(&lab->input);
    lab->kernel.refusal = errors[(bits & 7U) % (sizeof(errors) / sizeof(errors[0]))];
    lab->kernel.refusals = bits >> 6;
    lab->kernel.queue_full = (bits & 8U) != 0;
    lab->kernel.dump_errors = bits >> 4 & 1U;
    lab->kernel.news_lost = (bits & 32U) != 0;
}

static void send_raw(struct lab *lab, const void *bytes, size_t length)
{
    if (send(lab->engine, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)length)
        lab->sent = true;
}

/* A deadline near the present: most of them are yet to come. */
static uint64_t some_deadline(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    if (bits == 255)
        return UINT64_MAX;
    return lab->kernel.now_ns - 20 * CLOCK_NS_PER_MS + bits * 10 * CLOCK_NS_PER_MS;
}

/* A message that an engine may send. */
static void send_valid(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    struct ipc_message message = {.type = (uint16_t)(IPC_ADD + bits % 5),
                                  .vip = (uint16_t)((bits >> 4) % VIPS)};
    if (lab->asked_count == ANSWERS)
        return;
    if (message.type == IPC_ADD || message.type == IPC_DEADLINE) {
        message.deadline_ns = some_deadline(lab);
        if (message.deadline_ns > lab->last_ns[message.vip])
            lab->last_ns[message.vip] = message.deadline_ns;
    }
    if (message.type == IPC_ADD || message.type == IPC_REMOVE) {
        message.sequence = ++lab->sequence;
        lab->asked[lab->asked_count++] = message.sequence;
    }
    send_raw(lab, &message, sizeof(message));
}

static void send_will(struct lab *lab)
{
    struct ipc_will will = {.type = IPC_WILL, .node = 1};
    will.length = (uint16_t)(1 + input_u8(&lab->input) % IPC_WILL_BYTES_MAX);
    memset(will.bytes, 0x55, will.length);
    send_raw(lab, &will, sizeof(will));
}

/* Any bytes; what is valid among them counts like the engine's own. */
static void send_bytes(struct lab *lab)
{
    const struct input part = input_take(&lab->input, input_u8(&lab->input) % 64U);
    struct ipc_message message = {0};
    if (part.left == 0 || lab->asked_count == ANSWERS)
        return;
    memcpy(&message, part.bytes, part.left < sizeof(message) ? part.left : sizeof(message));
    if (!ipc_valid_from_engine(part.bytes, part.left, VIPS)) {
        lab->nonsense = true;
    } else if (message.type == IPC_ADD || message.type == IPC_REMOVE) {
        lab->asked[lab->asked_count++] = message.sequence;
    }
    if (!lab->nonsense && message.deadline_ns > lab->last_ns[message.vip])
        lab->last_ns[message.vip] = message.deadline_ns;
    send_raw(lab, part.bytes, part.left);
}

static void send_nearly(struct lab *lab)
{
    struct ipc_message message = {.type = IPC_ADD, .deadline_ns = 1};
    const uint8_t at = input_below(&lab->input, sizeof(message));
    uint8_t bytes[sizeof(message)];
    memcpy(bytes, &message, sizeof(bytes));
    bytes[at] = input_u8(&lab->input);
    if (ipc_valid_from_engine(bytes, sizeof(bytes), VIPS))
        return; /* send_valid() does that */
    lab->nonsense = true;
    send_raw(lab, bytes, sizeof(bytes));
}

static void send_drain(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    const struct ipc_message message = {.type = IPC_DRAIN,
                                        .reason = (uint16_t)(IPC_DRAIN_VIPS + (bits & 1U)),
                                        .vips = bits >> 1 & ((1U << VIPS) - 1),
                                        .sequence = lab->sequence};
    if (ipc_valid_from_engine(&message, sizeof(message), VIPS))
        send_raw(lab, &message, sizeof(message));
}

/* The scribe has written what it was told, has not yet, says nonsense, or ends. */
static void serve_scribe(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    struct scribe_answer answer = {.error = (bits & 8U) != 0 ? -ENOSPC : 0};
    static struct scribe_order order;
    ssize_t length = lab->scribe < 0 ? -1 : recv(lab->scribe, &order, sizeof(order), MSG_DONTWAIT);

    if (length > 0) {
        MUST(length == sizeof(order) && order.length <= DRAIN_TEXT_MAX);
        lab->writes++;
        MUST(lab->writes == 1);
    }
    if (lab->scribe < 0 || (bits & 3U) == 0)
        return;
    if ((bits & 0xf0U) == 0xf0U) {
        (void)close(lab->scribe);
        lab->scribe = -1;
        return;
    }
    if ((bits & 0xf0U) == 0xe0U)
        answer.error = EIO;
    if (lab->writes == 0 && answer.error <= 0)
        return;
    lab->writes = 0;
    answer.sequence = order.sequence;
    (void)send(lab->scribe, &answer, sizeof(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void signal_keeper(struct lab *lab)
{
    static const uint32_t numbers[] = {SIGTERM, SIGINT, SIGHUP};
    const struct signalfd_siginfo info = {.ssi_signo = numbers[input_below(&lab->input, 3)]};
    MUST(write(lab->signals[1], &info, sizeof(info)) == sizeof(info));
}

static void receive_frame(struct lab *lab)
{
    const struct input part = input_take(&lab->input, input_u8(&lab->input) % FAKE_FRAME_BYTES);
    lab->kernel.frame_length = part.left;
    if (part.left > 0)
        memcpy(lab->kernel.frame, part.bytes, part.left);
}

/* An ARP reply for an address of the configuration, well formed. */
static void receive_claim(struct lab *lab)
{
    const uint8_t bits = input_u8(&lab->input);
    const struct conf *conf = &lab->keeper.conf;
    const struct conf_address *address = &conf->addresses[bits % conf->address_count];
    const uint8_t mac[FRAME_MAC_BYTES] = {2, 0, 0, 0, (uint8_t)(bits >> 6), 1};
    struct frame frame;
    if (address->family == AF_INET)
        frame_arp_reply(mac, address->bytes, &frame);
    else
        frame_advertisement(mac, address->bytes, false, &frame);
    memcpy(lab->kernel.frame, frame.bytes, frame.length);
    lab->kernel.frame_length = frame.length;
}

static void act(struct lab *lab)
{
    const uint8_t op = input_u8(&lab->input);
    switch (op & 15U) {
    case 0:
        meddle(lab);
        break;
    case 1:
        refuse(lab);
        break;
    case 2:
        send_bytes(lab);
        break;
    case 3:
        send_nearly(lab);
        break;
    case 4:
        signal_keeper(lab);
        break;
    case 5:
        receive_frame(lab);
        break;
    case 6:
        receive_claim(lab);
        break;
    case 7:
        if ((op & 16U) != 0)
            send_will(lab);
        else if ((op & 32U) != 0)
            serve_scribe(lab);
        else
            send_drain(lab);
        break;
    case 8: /* the host sleeps */
        lab->kernel.now_ns += (uint64_t)(op >> 4) * CLOCK_NS_PER_S;
        break;
    case 9:
    case 10:
        lab->kernel.now_ns += (uint64_t)(1 + (op >> 4)) * 10 * CLOCK_NS_PER_MS;
        break;
    default:
        send_valid(lab);
        break;
    }
}

/* The engine reads, unless the input says that it does not. */
static void read_answers(struct lab *lab)
{
    static union ipc_answer answer;
    long length;
    while ((length = ipc_receive_answer(lab->engine, &answer)) > 0) {
        const struct ipc_message message = answer.message;
        if (answer.type == IPC_VERDICT) {
            MUST(ipc_valid_verdict(&answer.verdict, (size_t)length));
            continue;
        }
        MUST(ipc_valid_from_keeper(&message, (size_t)length, VIPS, lab->keeper.conf.address_count));
        if (message.type != IPC_ADDED && message.type != IPC_REMOVED)
            continue;
        /* In the order of the requests, one for each. */
        MUST(lab->asked_count > 0 && message.sequence == lab->asked[0]);
        memmove(lab->asked, lab->asked + 1, --lab->asked_count * sizeof(lab->asked[0]));
    }
}

/* What the keeper added is there no longer than the engine allowed, and not at all after `end`. */
static void check(const struct lab *lab, bool end)
{
    const struct conf *conf = &lab->keeper.conf;
    for (unsigned vip = 0; vip < VIPS && !lab->kernel.removal_refused; vip++)
        for (unsigned i = 0; i < conf->vips[vip].address_count; i++)
            if (fake_kernel_has_added(&lab->kernel,
                                      &conf->addresses[conf->vips[vip].address_first + i]))
                MUST(!end && lab->kernel.now_ns < lab->last_ns[vip]);
}

static void fill(struct lab *lab, struct pollfd *sources, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        const int fd = sources[i].fd;
        sources[i].revents = 0;
        if (fd == lab->keeper.engine_fd)
            sources[i].revents = (short)((lab->sent ? POLLIN : 0) | (sources[i].events & POLLOUT) |
                                         (lab->engine_ended ? POLLHUP : 0));
        else if (fd == lab->keeper.signal_fd)
            sources[i].revents = POLLIN;
        else if (fd == -2)
            sources[i].revents = lab->kernel.news_count > 0 || lab->kernel.news_lost ? POLLIN : 0;
        else if (fd >= 0 && fd == lab->keeper.steward.texts_fd)
            sources[i].revents = POLLIN;
        else if (fd >= 0 && fd != lab->keeper.timer_fd && fd != lab->keeper.engine_pidfd)
            sources[i].revents = lab->kernel.frame_length > 0 ? POLLIN : 0;
    }
    lab->sent = false;
}

/* Where the compiler does not know how many there are, glibc counts. */
int __wrap___poll_chk(struct pollfd *sources, nfds_t count, int timeout_ms, size_t bytes)
{
    MUST(count * sizeof(*sources) <= bytes);
    return __wrap_poll(sources, count, timeout_ms);
}

int __wrap_poll(struct pollfd *sources, nfds_t count, int timeout_ms)
{
    struct lab *lab = running;
    if (lab == NULL)
        return __real_poll(sources, count, timeout_ms);
    check(lab, false);
    read_answers(lab);
    lab->kernel.frame_length = 0;
    if (lab->input.left > 0 && lab->turns++ < TURNS_MAX) {
        const uint8_t actions = 1 + input_below(&lab->input, 3);
        for (uint8_t i = 0; i < actions; i++)
            act(lab);
    } else {
        (void)shutdown(lab->engine, SHUT_RDWR);
        lab->engine_ended = true;
    }
    fill(lab, sources, count);
    return 1;
}

enum launch_end __wrap_launch_reap(const struct launch_result *engine, int wait_ms, char *text,
                                   size_t size)
{
    static const enum launch_end ends[] = {LAUNCH_END_CLEAN, LAUNCH_END_FAILED, LAUNCH_END_UNKNOWN};
    (void)engine;
    (void)wait_ms;
    (void)snprintf(text, size, "ended");
    return ends[running->turns % 3];
}

/* Somebody else takes over in this moment [SPEC R44]. */
unsigned __wrap_will_send(const struct will *will)
{
    (void)will;
    MUST(running->keeper.ended && running->turns % 3 != 2);
    check(running, true);
    return 1;
}

static void open_keeper(struct lab *lab)
{
    struct keeper *keeper = &lab->keeper;
    int ends[2];
    int texts[2];
    memset(keeper, 0, sizeof(*keeper));
    configure(&keeper->conf);
    fake_kernel_reset(&lab->kernel, &keeper->conf);
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    MUST(pipe2(lab->signals, O_CLOEXEC | O_NONBLOCK) == 0);
    keeper->self = SELF;
    keeper->control_fd = -1;
    keeper->packet_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    keeper->stop_end_ns = CLOCK_NEVER_NS;
    keeper->silent_end_ns = CLOCK_NEVER_NS;
    keeper->watchdog_ns = CLOCK_NEVER_NS;
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, texts) == 0);
    keeper->steward = (struct steward){.fd = -1, .texts_fd = texts[0]};
    keeper->keep.end_ns = CLOCK_NEVER_NS;
    lab->scribe = texts[1];
    lab->writes = 0;
    keeper->kernel_has_mark = !input_bool(&lab->input); /* Linux 5.18 and newer have */
    keeper->engine_fd = ends[0];
    keeper->engine_pidfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    keeper->timer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    keeper->signal_fd = lab->signals[0];
    lab->engine = ends[1];
    lookup_build(&keeper->conf, &keeper->lookup);
    keeper->interface_count = FAKE_LINKS;
    for (unsigned i = 0; i < FAKE_LINKS; i++) {
        keeper_interface_init(&keeper->interfaces[i], lab->kernel.links[i].name);
    }
    keeper->interface_of[1] = 1;
    for (unsigned vip = 0; vip < VIPS; vip++)
        vip_init(&keeper->vips[vip], keeper->conf.vips[vip].kernel_lease_s,
                 conf_vip_lateness_ns(&keeper->conf.vips[vip]));
    MUST(will_open(&keeper->will, &keeper->conf, SELF) == 0);
}

static void close_keeper(struct lab *lab)
{
    will_close(&lab->keeper.will);
    (void)close(lab->keeper.engine_fd);
    (void)close(lab->keeper.engine_pidfd);
    (void)close(lab->keeper.timer_fd);
    (void)close(lab->keeper.packet_fd);
    listen_close(&lab->keeper);
    (void)close(lab->signals[0]);
    (void)close(lab->signals[1]);
    (void)close(lab->engine);
    if (lab->keeper.steward.texts_fd >= 0)
        (void)close(lab->keeper.steward.texts_fd);
    if (lab->scribe >= 0)
        (void)close(lab->scribe);
}

/* What an earlier run left is gone before the engine starts. */
static bool start(struct lab *lab)
{
    const uint8_t count = input_below(&lab->input, 4);
    for (uint8_t i = 0; i < count; i++)
        meddle(lab);
    if (holding_remove_leftovers(&lab->keeper) < 0 || news_compare(&lab->keeper) < 0)
        return false;
    for (unsigned i = 0; i < lab->kernel.address_count; i++)
        MUST(!lab->kernel.addresses[i].ours);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct lab *lab;
    if (lab == NULL) {
        lab = calloc(1, sizeof(*lab));
        MUST(lab != NULL);
    }
    memset(lab->last_ns, 0, sizeof(lab->last_ns));
    lab->input = (struct input){bytes, length};
    lab->engine_ended = lab->sent = lab->nonsense = false;
    lab->turns = lab->asked_count = 0;
    lab->sequence = 0;
    open_keeper(lab);
    fake_kernel = &lab->kernel;
    running = lab;
    if (start(lab)) {
        (void)keeper_run(&lab->keeper);
        check(lab, true);
    }
    running = NULL;
    fake_kernel = NULL;
    close_keeper(lab);
    return 0;
}
