#include "reports/study_link.h"

#include "reports/csv_table.h"
#include "reports/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RTTS_MAX = 16, WORDS_ROOM = 300 };

/* ---- what the runs had ---- */

/* A fact of a run as text; "" where its manifest does not say. */
typedef void fact_of(const struct run_data *run, char *buffer, size_t room);

static void rate_of(const struct run_data *run, char *buffer, size_t room)
{
	buffer[0] = '\0';
	if (run_link_rate(run) > 0)
		value_format(run_link_rate(run), "bit/s", buffer, room);
}

static void queue_of(const struct run_data *run, char *buffer, size_t room)
{
	double bytes = json_number(run->manifest, "link.queue_bytes");
	char size[64], length[64];
	buffer[0] = '\0';
	if (bytes > 0 && run_link_rate(run) > 0)
		snprintf(buffer, room, "%s (%s)", value_format(bytes, "bytes", size, sizeof(size)),
		         value_format(bytes * 8e9 / run_link_rate(run), "ns", length, sizeof(length)));
}

static void control_of(const struct run_data *run, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s", json_text(run->manifest, "link.tcp.congestion_control"));
}

/* "4096 16384 67108864": lowest, at first, highest. */
static void buffers_of(const struct run_data *run, char *buffer, size_t room)
{
	const char *highest = strrchr(json_text(run->manifest, "link.tcp.wmem"), ' ');
	buffer[0] = '\0';
	if (highest)
		value_format(strtod(highest, NULL), "bytes", buffer, room);
}

/* "cubic or bbr": what it was in the complete runs, each once. */
static const char *each_of(const struct study_view *v, fact_of *fact, char *buffer, size_t room)
{
	size_t used = 0;
	buffer[0] = '\0';
	for (int i = 0; i < v->count && used < room; i++) {
		char own[128], before[128] = "";
		bool is_new = strcmp(v->runs[i].status, "complete") == 0;
		fact(&v->runs[i], own, sizeof(own));
		for (int k = 0; is_new && k < i; k++) {
			fact(&v->runs[k], before, sizeof(before));
			is_new = strcmp(v->runs[k].status, "complete") != 0 || strcmp(before, own) != 0;
		}
		if (is_new && *own)
			used += (size_t)snprintf(buffer + used, room - used, "%s%s", used ? " or " : "", own);
	}
	return buffer;
}

/* ---- round trips ---- */

struct seen {
	double asked_ns, low_ns, high_ns; /* means of points */
};

static int by_asked(const void *a, const void *b)
{
	const struct seen *p = a, *q = b;
	return (p->asked_ns > q->asked_ns) - (p->asked_ns < q->asked_ns);
}

static int collect_seen(const struct csv_table *t, struct seen ret[RTTS_MAX])
{
	int count = 0;
	for (int row = 0; row < csv_table_rows(t); row++) {
		double asked_ns = csv_table_number(t, row, "rtt_ns"), mean_ns = csv_table_number(t, row, "mean");
		int at = 0;
		if (strcmp(csv_table_text(t, row, "metric"), "tcp_rtt") != 0 ||
		    strcmp(csv_table_text(t, row, "estimator"), "mean") != 0 || isnan(asked_ns) || isnan(mean_ns))
			continue;
		while (at < count && ret[at].asked_ns != asked_ns)
			at++;
		if (at == RTTS_MAX)
			continue;
		if (at == count)
			ret[count++] = (struct seen){ asked_ns, mean_ns, mean_ns };
		ret[at].low_ns = fmin(ret[at].low_ns, mean_ns);
		ret[at].high_ns = fmax(ret[at].high_ns, mean_ns);
	}
	qsort(ret, (size_t)count, sizeof(*ret), by_asked);
	return count;
}

static void put_seen(FILE *out, const struct study_view *v)
{
	struct seen seen[RTTS_MAX] = { 0 };
	int count = collect_seen(v->values, seen);
	for (int i = 0; i < count; i++) {
		char low[64], high[64];
		value_format(seen[i].low_ns, "ns", low, sizeof(low));
		value_format(seen[i].high_ns, "ns", high, sizeof(high));
		fputs(i ? ", " : " Round trips that TCP saw, the queue before the link included: ", out);
		html_textf(out, strcmp(low, high) == 0 ? "%s" : "%s to %s", low, high);
		html_textf(out, " where %g ms were asked for", seen[i].asked_ns / 1e6);
	}
	if (count)
		fputs(".", out);
}

void study_link_put(FILE *out, const struct study_view *v)
{
	static const struct {
		fact_of *fact;
		const char *before, *after;
	} facts[] = { { rate_of, "Link of ", "" },
		      { queue_of, ", with a queue of ", " before it" },
		      { control_of, ". TCP: ", "" },
		      { buffers_of, ", buffers of up to ", "" } };
	char words[WORDS_ROOM];
	fputs("<p class=\"note\">", out);
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (*each_of(v, facts[i].fact, words, sizeof(words)))
			html_textf(out, "%s%s%s", facts[i].before, words, facts[i].after);
	fputs(".", out);
	put_seen(out, v);
	fputs("</p>\n", out);
}
