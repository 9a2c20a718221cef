// What the peers have in common: their command line, the measuring and the line that they print. README.md has the meaning
// of each word.
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum kind { bulk, iso, sync_calls, sync_urbs };
static const char *const kind_names[] = {"bulk", "iso", "sync", "syncurb"};

struct job {
    const char *node;
    enum kind kind;
    bool is_isochronous;
    int configuration, interface, setting; // Configuration 0: as it is.
    int endpoint;
    int bytes;   // Of a transfer, or of a packet if isochronous.
    int packets; // Of an isochronous transfer.
    int depth;
    long transfers; // How many.
    int gate;       // Switches tracing on while transfers run, or -1.
    const char *stamps_path;
    int64_t *stamps; // When the caller's code had each completion, in nanoseconds of CLOCK_MONOTONIC.
    long stamp_count;
    // Of the run.
    long submitted, completed, failed, packet_errors, calls;
    int64_t begin, end;
    struct rusage before, after;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void usage(void) {
    fprintf(stderr,
            "usage: PEER [--gate FILE] [--stamps FILE] [--configuration N] NODE bulk INTERFACE SETTING ENDPOINT BYTES "
            "DEPTH TRANSFERS\n"
            "       PEER [--gate FILE] [--stamps FILE] [--configuration N] NODE iso INTERFACE SETTING ENDPOINT BYTES "
            "DEPTH TRANSFERS PACKETS\n"
            "       PEER [--gate FILE] [--configuration N] NODE sync INTERFACE SETTING ENDPOINT BYTES TRANSFERS\n");
    exit(64);
}

// Whether each transfer is a call that returns when the transfer has ended.
static bool is_synchronous(const struct job *job) { return job->kind == sync_calls || job->kind == sync_urbs; }

static struct job read_job(int count, char **words) {
    struct job job = {.gate = -1};
    int at = 1;
    for (; at + 1 < count && strncmp(words[at], "--", 2) == 0; at += 2) {
        if (strcmp(words[at], "--gate") == 0) {
            job.gate = open(words[at + 1], O_WRONLY | O_CLOEXEC);
            if (job.gate < 0) die(words[at + 1]);
        } else if (strcmp(words[at], "--stamps") == 0) {
            job.stamps_path = words[at + 1];
        } else if (strcmp(words[at], "--configuration") == 0) {
            job.configuration = atoi(words[at + 1]);
        } else {
            usage();
        }
    }
    if (count - at < 7) usage();
    job.node = words[at];
    while (strcmp(words[at + 1], kind_names[job.kind]) != 0) {
        if (job.kind == sync_urbs) usage();
        job.kind++;
    }
    job.is_isochronous = job.kind == iso;
    bool waits = is_synchronous(&job);
    if (count - at != (job.is_isochronous ? 9 : waits ? 7 : 8) || (waits && job.stamps_path)) usage();
    job.interface = atoi(words[at + 2]);
    job.setting = atoi(words[at + 3]);
    job.endpoint = (int)strtol(words[at + 4], NULL, 0);
    job.bytes = atoi(words[at + 5]);
    job.depth = waits ? 1 : atoi(words[at + 6]);
    job.transfers = atol(words[waits ? at + 6 : at + 7]);
    if (job.is_isochronous) job.packets = atoi(words[at + 8]);
    if (job.bytes <= 0 || job.depth <= 0 || job.transfers < job.depth || (job.is_isochronous && job.packets <= 0)) usage();
    if (job.stamps_path) {
        job.stamps = malloc((size_t)job.transfers * sizeof *job.stamps);
        if (!job.stamps) die("stamps");
        // Touched, so that no page fault is measured.
        memset(job.stamps, 0, (size_t)job.transfers * sizeof *job.stamps);
    }
    return job;
}

static size_t transfer_bytes(const struct job *job) {
    return (size_t)job->bytes * (job->is_isochronous ? (size_t)job->packets : 1);
}

static void begin(struct job *job) {
    getrusage(RUSAGE_SELF, &job->before);
    if (job->gate >= 0 && write(job->gate, "1", 1) != 1) die("gate");
    job->begin = now();
}

// The caller's code has the completion: the first thing that it does.
static inline void stamp(struct job *job) {
    if (job->stamps) job->stamps[job->stamp_count++] = now();
}

// One synchronous transfer has moved so many bytes; a negative count is an error.
static inline void count_call(struct job *job, long moved) {
    job->submitted++;
    job->completed++;
    job->failed += moved != job->bytes;
}

// Whether a transfer that has completed is to be submitted again.
static inline bool goes_on(const struct job *job) { return job->submitted < job->transfers; }

static double between(struct timeval from, struct timeval to) {
    return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_usec - from.tv_usec);
}

// Ends the measuring and prints the line. Calls are left out if the peer cannot know them.
static int report(struct job *job, const char *peer) {
    job->end = now();
    if (job->gate >= 0 && write(job->gate, "0", 1) != 1) die("gate");
    getrusage(RUSAGE_SELF, &job->after);
    double seconds = (double)(job->end - job->begin) / 1e9, each = (double)job->completed;
    double user = between(job->before.ru_utime, job->after.ru_utime) / each;
    double system = between(job->before.ru_stime, job->after.ru_stime) / each;
    printf("peer=%s kind=%s endpoint=0x%02x bytes=%d packets=%d depth=%d transfers=%ld seconds=%.3f per_second=%.0f "
           "cpu_us=%.2f user_us=%.2f system_us=%.2f failed=%ld packet_errors=%ld",
           peer, kind_names[is_synchronous(job) ? sync_calls : job->kind], job->endpoint, job->bytes, job->packets, job->depth, job->completed,
           seconds, each / seconds, user + system, user, system, job->failed, job->packet_errors);
    if (job->calls > 0) printf(" own_calls=%.3f", (double)job->calls / each);
    printf("\n");
    if (job->stamps_path) {
        FILE *file = fopen(job->stamps_path, "w");
        if (!file) die(job->stamps_path);
        for (long i = 0; i < job->stamp_count; i++) fprintf(file, "%lld\n", (long long)job->stamps[i]);
        if (fclose(file) != 0) die(job->stamps_path);
    }
    return job->failed != 0;
}
