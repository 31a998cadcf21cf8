/*
 * nbd_decoder.h - a disk that is copied along, decoded while its bytes pass: what the client of an NBD connection sends.
 *
 * A decoder of decoder.h: each 4 KiB of the disk that a request writes whole are a page (STREAM_PAGE; its number is the
 * block's on the disk), all else is STREAM_FRAME, and the end is complete with the client's disconnect. There are no events.
 *
 * Handled: fixed newstyle negotiation, requests with compact or extended headers; tested with QEMU 7.2. Source: the NBD
 * protocol, https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md.
 * Told and never guessed: TLS, oldstyle negotiation, requests and flags that it does not list.
 */
#ifndef COLLECTORS_STREAM_NBD_DECODER_H
#define COLLECTORS_STREAM_NBD_DECODER_H

#include "collectors/stream/decoder.h"

int nbd_decoder_create(struct stream_decoder **ret, const struct stream_sink *sink, struct err *e);

#endif
