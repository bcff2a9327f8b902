/*
 * The sending end of edgeloop's framed link, in C99 without allocation.
 *
 * A frame is version, kind, two zero bytes, session, sequence, payload, CRC-32C (little-endian), stuffed by COBS
 * (Cheshire & Baker 1999) and closed by a zero byte. The receiver is firmware-bridge/src/receiver.ts; both are held to
 * the byte vectors of firmware-bridge/src/vectors.json.
 */
#ifndef EDGELOOP_LINK_H
#define EDGELOOP_LINK_H

#include <stddef.h>
#include <stdint.h>

/* Hands bytes on; returns 0, or an error that edgeloop_send_samples passes back. */
typedef int (*edgeloop_write)(void *context, const uint8_t *bytes, size_t length);

typedef struct {
  edgeloop_write write;
  void *context;
  uint32_t session;  /* drawn anew at each start */
  uint32_t sequence; /* counts frames from 0 */
} edgeloop_link;

typedef struct {
  int64_t start_us; /* time of the first row, microseconds UTC */
  float scale;      /* channel units a step */
  uint16_t rows;
  uint16_t channels;
  const int16_t *steps; /* row-major [row][channel] */
} edgeloop_samples;

enum { EDGELOOP_OK = 0, EDGELOOP_TOO_LONG = -1 };

/* Starts the link: sets the session and the first sequence number. */
void edgeloop_link_init(edgeloop_link *link, edgeloop_write write, void *context, uint32_t session);

/* Frames and sends one packet of samples. */
int edgeloop_send_samples(edgeloop_link *link, const edgeloop_samples *samples);

/* CRC-32C (RFC 3720 B.4) of bytes that follow bytes whose checksum is `before`; 0 at the start. */
uint32_t edgeloop_crc32c(uint32_t before, const uint8_t *bytes, size_t length);

#endif
