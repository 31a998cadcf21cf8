#include "collectors/web_session.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <gsl/gsl_randist.h>
#include <stdio.h>
#include <string.h>

enum { THINK_MOST = 10 }; /* times the mean */

const char *const web_class_names[WEB_CLASSES] = { "good", "tolerable", "failed" };

/* What does not fit is counted and dropped. */
static size_t keep_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct web_session *s = context;
	size_t length = size * count;
	if (s->answer_length < WEB_ANSWER_ROOM) {
		size_t room = WEB_ANSWER_ROOM - s->answer_length;
		memcpy(s->answer + s->answer_length, bytes, length < room ? length : room);
	}
	s->answer_length += length;
	return length;
}

/*
 * Each session has a host name of its own, and so connections of its own, as browsers of different people do. The certificate
 * is not verified: it is the guest's own, and what counts is what TLS costs.
 */
static bool options_set(struct web_session *s)
{
	CURL *c = s->easy;
	return curl_easy_setopt(c, CURLOPT_CONNECT_TO, s->connect_to) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_COOKIEFILE, "") == CURLE_OK && /* cookies in memory */
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(s->options->timeout_ns / NS_PER_MS)) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep_answer) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, s) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PRIVATE, s) == CURLE_OK;
}

int web_session_init(struct web_session *s, const struct web_options *options, const char *address,
                     const struct web_visit *visit, uint64_t random, struct err *e)
{
	char connect_to[64];
	memset(s, 0, sizeof(*s));
	s->options = options;
	s->visit = *visit;
	snprintf(s->url, sizeof(s->url), "%s://user%05d.bank", options->tls ? "https" : "http", visit->session);
	snprintf(connect_to, sizeof(connect_to), "::%s:", address);
	s->connect_to = curl_slist_append(NULL, connect_to);
	s->random = gsl_rng_alloc(gsl_rng_taus2);
	s->easy = curl_easy_init();
	if (!s->connect_to || !s->random || !s->easy || !options_set(s))
		return err_set(e, EXIT_CANNOT, "cannot prepare web session %d: out of memory", visit->session);
	gsl_rng_set(s->random, (unsigned long)random);
	return 0;
}

void web_session_end(struct web_session *s)
{
	if (s->easy)
		curl_easy_cleanup(s->easy);
	if (s->random)
		gsl_rng_free(s->random);
	curl_slist_free_all(s->connect_to);
	memset(s, 0, sizeof(*s));
}

/* The next visit, of a person whom the bank does not know yet. */
static void visit_begin(struct web_session *s)
{
	s->visit.number++;
	s->page = 0;
	curl_easy_setopt(s->easy, CURLOPT_COOKIELIST, "ALL");
}

static int64_t think_ns(struct web_session *s)
{
	double mean = (double)s->options->think_ns, most = THINK_MOST * mean;
	double drawn = mean > 0 ? gsl_ran_exponential(s->random, mean) : 0;
	return (int64_t)(drawn < most ? drawn : most);
}

void web_session_open(struct web_session *s, int64_t start_ns, int64_t within_ns)
{
	s->open = true;
	if (s->in_flight)
		return;
	visit_begin(s);
	s->intended_ns = start_ns;
	if (s->options->start == WEB_START_THINKING)
		s->intended_ns += think_ns(s) % within_ns;
}

int web_session_send(struct web_session *s, CURLM *multi, int64_t now_ns, struct err *e)
{
	const struct web_page *page = &web_pages[s->page];
	char url[160], form[WEB_TEXT_ROOM];
	snprintf(url, sizeof(url), "%s%s", s->url, page->path);
	CURLcode set = curl_easy_setopt(s->easy, CURLOPT_URL, url);
	if (set == CURLE_OK && page->form)
		set = curl_easy_setopt(s->easy, CURLOPT_COPYPOSTFIELDS,
		                       web_text(page->form, &s->visit, form, sizeof(form)));
	else if (set == CURLE_OK)
		set = curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
	s->answer_length = 0;
	s->begin_ns = now_ns;
	if (set != CURLE_OK || curl_multi_add_handle(multi, s->easy) != CURLM_OK)
		return err_set(e, EXIT_CANNOT, "cannot send a web request: out of memory");
	s->in_flight = true;
	return 0;
}

enum web_class web_classify(const struct web_options *options, int64_t latency_ns)
{
	return latency_ns <= options->good_ns        ? WEB_GOOD
	       : latency_ns <= options->tolerable_ns ? WEB_TOLERABLE
	                                             : WEB_FAILED;
}

/* What is wrong with the answer that came; false: nothing. */
static bool answer_wrong(struct web_session *s, CURLcode result, struct web_response *r)
{
	char expected[WEB_TEXT_ROOM];
	s->answer[s->answer_length < WEB_ANSWER_ROOM ? s->answer_length : WEB_ANSWER_ROOM] = '\0';
	web_text(web_pages[s->page].expected, &s->visit, expected, sizeof(expected));
	if (result != CURLE_OK)
		snprintf(r->reason, sizeof(r->reason), "%s", curl_easy_strerror(result));
	else if (r->status != 200)
		snprintf(r->reason, sizeof(r->reason), "status %ld", r->status);
	else if (!strstr(s->answer, expected))
		snprintf(r->reason, sizeof(r->reason), "no '%s' in the answer", expected);
	return r->reason[0];
}

void web_session_receive(struct web_session *s, CURLM *multi, CURLcode result, int64_t now_ns,
                         struct web_response *ret)
{
	struct web_response r = { .intended_ns = s->intended_ns,
		                  .begin_ns = s->begin_ns,
		                  .end_ns = now_ns,
		                  .page = s->page,
		                  .bytes = (int64_t)s->answer_length };
	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &r.status);
	curl_multi_remove_handle(multi, s->easy);
	s->in_flight = false;
	bool wrong = answer_wrong(s, result, &r);
	r.class = wrong ? WEB_FAILED : web_classify(s->options, r.end_ns - r.intended_ns);
	if (r.class == WEB_FAILED && !wrong)
		snprintf(r.reason, sizeof(r.reason), "late");
	if (wrong || ++s->page == WEB_PAGES)
		visit_begin(s);
	s->intended_ns = now_ns + think_ns(s);
	*ret = r;
}
