/*
 * web_session.h - one web session over libcurl: a person at the bank of web_pages.h, one request at a time.
 *
 * A closed session: the next request is intended for the end of the last response and a think time after it, exponential about
 * its mean, at most ten times that (TPC-W 5.3.1.1). Latency is counted from that intended start, so that a generator that is
 * late hides nothing. A late response lets the visit go on; after an error the person begins anew with the log in.
 */
#ifndef COLLECTORS_WEB_SESSION_H
#define COLLECTORS_WEB_SESSION_H

#include "collectors/web_pages.h"

#include <curl/curl.h>
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

/* When sessions that are opened together log in: each after a think time, or all at once. */
enum web_start { WEB_START_THINKING, WEB_START_AT_ONCE };

/* The keys of [sessions]. */
struct web_options {
	int64_t think_ns;     /* mean */
	int64_t good_ns;      /* a response is good up to here, */
	int64_t tolerable_ns; /* tolerable up to here, and failed beyond or on error */
	int64_t timeout_ns;   /* a request is given up */
	int start;            /* enum web_start */
	bool tls;
};

enum web_class { WEB_GOOD, WEB_TOLERABLE, WEB_FAILED, WEB_CLASSES };
extern const char *const web_class_names[WEB_CLASSES];

enum { WEB_ANSWER_ROOM = 16 << 10 };

struct web_session {
	void *owner; /* the caller's */
	const struct web_options *options;
	CURL *easy;
	struct curl_slist *connect_to;
	gsl_rng *random;
	char url[96];
	struct web_visit visit;
	int page;
	bool open;                     /* it goes on after this response */
	bool in_flight;                /* a request has been sent */
	int64_t intended_ns, begin_ns; /* of the request in flight, or of the next one */
	size_t answer_length;          /* as it came: more than the room means that it was cut */
	char answer[WEB_ANSWER_ROOM + 1];
};

struct web_response {
	int64_t intended_ns, begin_ns, end_ns;
	int page;
	long status;   /* of HTTP; 0: there was none */
	int64_t bytes; /* of the answer, headers not counted */
	enum web_class class;
	char reason[120]; /* why it failed; "" when it did not */
};

/*
 * A session with connections of its own to the server at address. visit says whose it is; its number is that of the visit before
 * the first, -1. random seeds its think times. web_session_end() in any case.
 */
int web_session_init(struct web_session *s, const struct web_options *options, const char *address,
                     const struct web_visit *visit, uint64_t random, struct err *e);
void web_session_end(struct web_session *s);

/*
 * Open it: the log in is intended for start_ns and a think time, which within_ns goes round (what is beyond it begins again at
 * start_ns), or with WEB_START_AT_ONCE for start_ns. One that is still waiting for a response just goes on.
 */
void web_session_open(struct web_session *s, int64_t start_ns, int64_t within_ns);

/* Send the request that is due. */
int web_session_send(struct web_session *s, CURLM *multi, int64_t now_ns, struct err *e);

/* The request in flight has ended with this result; the next one is prepared. */
void web_session_receive(struct web_session *s, CURLM *multi, CURLcode result, int64_t now_ns,
                         struct web_response *ret);

/* The class of a response that was as expected. */
enum web_class web_classify(const struct web_options *options, int64_t latency_ns);

#endif
