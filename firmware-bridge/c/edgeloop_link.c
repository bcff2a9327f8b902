#include "edgeloop_link.h"

#include <string.h>

enum { BLOCK_MAX = 254, PAYLOAD_MAX = 32 * 1024, SAMPLES_HEAD = 16 };

/* COBS works on one block of at most 254 bytes, so the whole frame never has to be in memory. */
typedef struct {
  edgeloop_link *link;
  uint32_t crc;
  int error;
  uint8_t length;
  uint8_t block[1 + BLOCK_MAX];
} stuffing;

uint32_t edgeloop_crc32c(uint32_t before, const uint8_t *bytes, size_t length) {
  uint32_t crc = ~before;
  for (size_t i = 0; i < length; i += 1) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit += 1) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
  }
  return ~crc;
}

static void emit(stuffing *s) {
  s->block[0] = (uint8_t)(s->length + 1);
  if (s->error == EDGELOOP_OK) {
    s->error = s->link->write(s->link->context, s->block, (size_t)s->length + 1);
  }
  s->length = 0;
}

static void stuff(stuffing *s, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i += 1) {
    /* A full block stands without a zero; it is written only once more follows, so that no empty one ends a frame. */
    if (s->length == BLOCK_MAX) emit(s);
    if (bytes[i] == 0) {
      emit(s);
    } else {
      s->length += 1;
      s->block[s->length] = bytes[i];
    }
  }
}

static void put(stuffing *s, const uint8_t *bytes, size_t length) {
  s->crc = edgeloop_crc32c(s->crc, bytes, length);
  stuff(s, bytes, length);
}

static void put_number(stuffing *s, uint64_t value, int bytes) {
  uint8_t little[8];
  for (int i = 0; i < bytes; i += 1) little[i] = (uint8_t)(value >> (8 * i));
  put(s, little, (size_t)bytes);
}

void edgeloop_link_init(edgeloop_link *link, edgeloop_write write, void *context, uint32_t session) {
  link->write = write;
  link->context = context;
  link->session = session;
  link->sequence = 0;
}

int edgeloop_send_samples(edgeloop_link *link, const edgeloop_samples *samples) {
  const uint32_t count = (uint32_t)samples->rows * samples->channels;
  if (SAMPLES_HEAD + 2u * count > PAYLOAD_MAX) return EDGELOOP_TOO_LONG;
  stuffing s = {link, 0, EDGELOOP_OK, 0, {0}};
  uint32_t scale;
  memcpy(&scale, &samples->scale, sizeof scale);
  put_number(&s, 1, 1); /* version */
  put_number(&s, 1, 1); /* kind: samples */
  put_number(&s, 0, 2);
  put_number(&s, link->session, 4);
  put_number(&s, link->sequence, 4);
  put_number(&s, (uint64_t)samples->start_us, 8);
  put_number(&s, scale, 4);
  put_number(&s, samples->rows, 2);
  put_number(&s, samples->channels, 2);
  for (uint32_t i = 0; i < count; i += 1) put_number(&s, (uint16_t)samples->steps[i], 2);
  const uint32_t crc = s.crc;
  put_number(&s, crc, 4);
  emit(&s);
  const uint8_t end = 0;
  if (s.error == EDGELOOP_OK) s.error = link->write(link->context, &end, 1);
  link->sequence += 1;
  return s.error;
}
