/* relayed_streams.h - for tests of a pair of reuse relays: the stream of a VM, and its two ends at QEMU's places. */
#ifndef T_RELAYED_STREAMS_H
#define T_RELAYED_STREAMS_H

#include "t/loopback.h"
#include "t/made_stream.h"
#include "t/reuse_pair.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGES = 3000 };

/* One in three pages can be compressed. */
static inline void page_content(unsigned char content[MADE_PAGE_BYTES], uint64_t what, uint64_t number)
{
	if (number % 3)
		made_content(content, what);
	else
		made_heap(content, what);
}

/* A VM whose pages from `changed` on are others with another visit. */
static inline struct made_stream vm_stream(uint64_t changed, uint64_t visit)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, PAGES);
	for (uint64_t i = 0; i < PAGES; i++) {
		uint64_t what = i < changed ? i : i + visit * PAGES;
		page_content(content, what, i);
		if (i % 11 == 6)
			made_zero(&s, NULL, i * MADE_PAGE_BYTES);
		else
			made_page(&s, i % 50 ? NULL : "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_vm_end(&s);
	return s;
}

/* Until the end; -1 when it breaks. */
static inline ssize_t read_all(int fd, struct made_stream *into)
{
	unsigned char piece[70001];
	ssize_t n;
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		made_bytes(into, piece, (size_t)n);
	return n;
}

struct ends {
	int listening, source, destination;
};

static inline struct ends connect_ends(const struct site *from, const struct site *to)
{
	struct ends x = { .listening = loopback_socket(to->qemu, SITE_PORT, 1) };
	assert_int_not_equal(x.listening, -1);
	x.source = loopback_socket(from->near, SITE_PORT, 0);
	assert_int_not_equal(x.source, -1);
	x.destination = accept4(x.listening, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(x.destination, -1);
	return x;
}

static inline void close_ends(struct ends *x)
{
	close(x->source);
	close(x->destination);
	close(x->listening);
}

/* All of a stream, byte for byte, to its end. */
static inline void assert_carried(const struct ends *x, const struct made_stream *s)
{
	struct made_stream came = { 0 };
	struct loopback_bytes w = { x->source, s->bytes, s->length };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, loopback_send, &w), 0);
	assert_int_equal(read_all(x->destination, &came), 0);
	pthread_join(thread, NULL);
	assert_int_equal(came.length, s->length);
	assert_memory_equal(came.bytes, s->bytes, s->length);
	free(came.bytes);
}

/* From one site to the other, and something back; returns what the near relay sent over the link. */
static inline int64_t passed(const struct site *from, const struct site *to, const struct made_stream *s)
{
	struct made_stream back = { 0 };
	unsigned char noise[MADE_PAGE_BYTES];
	struct ends x = connect_ends(from, to);
	assert_carried(&x, s);
	for (uint64_t i = 0; i < 20; i++) {
		made_content(noise, i);
		assert_int_equal(send(x.destination, noise, sizeof(noise), MSG_NOSIGNAL), sizeof(noise));
	}
	shutdown(x.destination, SHUT_WR);
	assert_int_equal(read_all(x.source, &back), 0);
	assert_int_equal(back.length, 20 * sizeof(noise));
	assert_memory_equal(back.bytes + 19 * sizeof(noise), noise, sizeof(noise));
	close_ends(&x);
	assert_state(from, "near", "ended");
	assert_state(to, "far", "ended");
	assert_int_equal(site_number(from, "near", SITE_RAW), s->length);
	assert_int_equal(site_number(to, "far", SITE_RAW), s->length);
	free(back.bytes);
	return site_number(from, "near", SITE_SENT);
}

/* Some words stand in a site's log, by now or soon. */
static inline void assert_logged(const struct site *s, const char *words)
{
	char text[4096] = "";
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S; !strstr(text, words) && clock_now_ns() < end_ns;
	     clock_sleep(5 * NS_PER_MS)) {
		FILE *file = fopen(site_path("%s/%s.log", s), "re");
		size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
		text[length] = '\0';
		if (file)
			fclose(file);
	}
	assert_non_null(strstr(text, words));
}

#endif
