/*
 * A sensor board played by a POSIX process: reads raw packets from standard input and sends them, framed, over a
 * pseudo-terminal that it opens itself, or to standard output.
 *
 *   posix_sender SESSION ROWS CHANNELS SCALE          frames to standard output
 *   posix_sender SESSION ROWS CHANNELS SCALE --pty    prints the terminal's path, then frames to it
 *
 * A packet is an int64 start in microseconds and ROWS x CHANNELS int16 steps, in this machine's byte order.
 */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "edgeloop_link.h"

enum { STEPS_MAX = 16 * 1024 };

static int write_all(void *context, const uint8_t *bytes, size_t length) {
  const int file = *(const int *)context;
  while (length > 0) {
    const ssize_t written = write(file, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes += written;
    length -= (size_t)written;
  }
  return EDGELOOP_OK;
}

/* Opens a terminal in raw mode and keeps its far end open, so that frames wait for a gateway that restarts. */
static int open_terminal(void) {
  const int near = posix_openpt(O_RDWR | O_NOCTTY);
  if (near < 0 || grantpt(near) != 0 || unlockpt(near) != 0) return -1;
  const char *path = ptsname(near);
  const int far = path ? open(path, O_RDWR | O_NOCTTY) : -1;
  struct termios raw;
  if (far < 0 || tcgetattr(far, &raw) != 0) return -1;
  cfmakeraw(&raw);
  if (tcsetattr(far, TCSANOW, &raw) != 0) return -1;
  printf("%s\n", path);
  fflush(stdout);
  return near;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: posix_sender SESSION ROWS CHANNELS SCALE [--pty]\n");
    return 2;
  }
  static int16_t steps[STEPS_MAX];
  edgeloop_samples samples = {0, strtof(argv[4], NULL), (uint16_t)atoi(argv[2]), (uint16_t)atoi(argv[3]), steps};
  const size_t count = (size_t)samples.rows * samples.channels;
  if (count == 0 || count > STEPS_MAX) {
    fprintf(stderr, "posix_sender: ROWS x CHANNELS must be 1 to %d\n", STEPS_MAX);
    return 2;
  }
  int file = argc > 5 && strcmp(argv[5], "--pty") == 0 ? open_terminal() : STDOUT_FILENO;
  if (file < 0) {
    perror("posix_sender: no pseudo-terminal");
    return 1;
  }
  edgeloop_link link;
  edgeloop_link_init(&link, write_all, &file, (uint32_t)strtoul(argv[1], NULL, 10));
  while (fread(&samples.start_us, sizeof samples.start_us, 1, stdin) == 1 &&
         fread(steps, sizeof steps[0], count, stdin) == count) {
    const int error = edgeloop_send_samples(&link, &samples);
    if (error != EDGELOOP_OK) {
      fprintf(stderr, "posix_sender: %s\n", strerror(error));
      return 1;
    }
  }
  return 0;
}
