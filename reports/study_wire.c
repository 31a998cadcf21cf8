/*
 * What TCP carried at each point of a study (collectors/tcp.c): goodput against the link's, and which window was in the
 * way; and the same from a capture (collectors/segments.c) where the runs have one. Of a study without such runs there is nothing.
 */
#include "reports/bars.h"
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/study_link.h"
#include "reports/study_section.h"

#include <math.h>
#include <string.h>

enum { WIRE_POINTS = 64 };

/*
 * A link is full where goodput's interval reaches what a link as asked for must have of the ideal (LINK_GOODPUT_LOW of
 * link_measure.h), and all of it is near. What held the sender up for less of the time than this is no reason.
 */
#define REACHED 0.98
#define NEAR 0.9
#define LITTLE_PERCENT 10

struct wire {
	const char *point;
	double rate, ideal;     /* asked of the link, and of TCP on it; bit/s */
	double rtt_ns, seen_ns; /* asked; TCP's mean */
	double transfer_ns;
	double middle, middle_low, middle_high;           /* bit/s, in the middle of the transfer */
	double whole;                                     /* bit/s, over all of it */
	double congestion, flight, unacked, peer, unsent; /* bytes; flight is not told of runs of before */
	double peer_percent, buffer_percent;
	double resent, connections;
	struct {
		double whole, middle, middle_low, middle_high; /* bit/s */
		double carried, resent, missed;                /* bytes */
		double flight, peer, least;                    /* bytes */
	} captured;
	double acked_bytes, resent_bytes; /* by the kernel */
};

/* Goodput in the middle, bit/s. */
struct goodput {
	double mean, low, high;
};

/* As the page shows it: the capture's where there is one. */
static struct goodput goodput_of(const struct wire *w)
{
	if (isnan(w->captured.middle))
		return (struct goodput){ w->middle, w->middle_low, w->middle_high };
	return (struct goodput){ w->captured.middle, w->captured.middle_low, w->captured.middle_high };
}

static double mean_of(const struct study_view *v, const char *point, const char *metric, const char *estimator)
{
	return csv_table_number(v->values, study_point_row(v->values, point, metric, estimator), "mean");
}

/* The points that have it, in the study's order. */
static int collect(const struct study_view *v, struct wire *ret)
{
	const struct csv_table *t = v->values;
	int count = 0;
	for (int i = 0; i < csv_table_rows(t) && count < WIRE_POINTS; i++) {
		const char *point = csv_table_text(t, i, "point");
		if (strcmp(csv_table_text(t, i, "metric"), "tcp_goodput") != 0 ||
		    strcmp(csv_table_text(t, i, "estimator"), "middle") != 0 || isnan(csv_table_number(t, i, "mean")))
			continue;
		const struct run_data *run = study_view_point(v, point);
		int middle = study_point_row(t, point, "captured_goodput", "middle");
		ret[count++] = (struct wire){
			.point = point,
			.rate = csv_table_number(t, i, "rate_bit_per_s"),
			.ideal = run ? json_number(run->manifest, "link.measured.ideal_bits_per_s") : NAN,
			.rtt_ns = csv_table_number(t, i, "rtt_ns"),
			.seen_ns = mean_of(v, point, "tcp_rtt", "mean"),
			.transfer_ns = mean_of(v, point, "transfer_time", ""),
			.middle = 8 * csv_table_number(t, i, "mean"),
			.middle_low = 8 * csv_table_number(t, i, "low"),
			.middle_high = 8 * csv_table_number(t, i, "high"),
			.whole = 8 * mean_of(v, point, "tcp_goodput", "mean"),
			.congestion = mean_of(v, point, "tcp_window", "congestion"),
			.flight = mean_of(v, point, "tcp_window", "flight"),
			.unacked = mean_of(v, point, "tcp_window", "unacked"),
			.peer = mean_of(v, point, "tcp_window", "peer"),
			.unsent = mean_of(v, point, "tcp_window", "unsent"),
			.peer_percent = mean_of(v, point, "tcp_limited", "peer"),
			.buffer_percent = mean_of(v, point, "tcp_limited", "buffer"),
			.resent = mean_of(v, point, "tcp_resent", ""),
			.connections = mean_of(v, point, "tcp_connections", ""),
			.captured = { .whole = 8 * mean_of(v, point, "captured_goodput", "mean"),
			              .middle = 8 * csv_table_number(t, middle, "mean"),
			              .middle_low = 8 * csv_table_number(t, middle, "low"),
			              .middle_high = 8 * csv_table_number(t, middle, "high"),
			              .carried = mean_of(v, point, "captured_bytes", "carried"),
			              .resent = mean_of(v, point, "captured_bytes", "resent") +
			                        mean_of(v, point, "captured_bytes", "late"),
			              .missed = mean_of(v, point, "captured_bytes", "unseen"),
			              .flight = mean_of(v, point, "captured_window", "flight"),
			              .peer = mean_of(v, point, "captured_window", "peer"),
			              .least = mean_of(v, point, "captured_window", "least") },
			.acked_bytes = mean_of(v, point, "tcp_bytes", "acked"),
			.resent_bytes = mean_of(v, point, "tcp_bytes", "resent"),
		};
	}
	return count;
}

static bool is_full(const struct wire *w)
{
	const struct goodput g = goodput_of(w);
	if (isnan(g.low)) /* of one or two runs */
		return g.mean >= REACHED * w->ideal;
	return g.high >= REACHED * w->ideal && g.low >= NEAR * w->ideal;
}

/* What kept it from being faster. */
struct bound {
	const char *name, *brief;
	double percent; /* of the time with something to send, by TCP's own count; NAN: of the link */
};

enum { BOUNDS = 4 };

/* What is full, and what held the sender up all the same; a link that is not full leaves the rest of the time to the sender's
 * side. How many; 0: it is not known. */
static int bounds_of(const struct wire *w, struct bound ret[BOUNDS])
{
	double held = w->peer_percent + w->buffer_percent;
	const struct bound all[BOUNDS] = {
		{ "link", "link", NAN },
		{ "receiver's window", "receiver's window", w->peer_percent },
		{ "send buffer", "send buffer", w->buffer_percent },
		{ "congestion window or sender", "cwnd or sender", isnan(w->ideal) || is_full(w) ? NAN : 100 - held },
	};
	int count = 0;
	for (int i = 0; i < BOUNDS; i++)
		if (i == 0 ? is_full(w) : all[i].percent >= LITTLE_PERCENT)
			ret[count++] = all[i];
	return count;
}

/* "the link", "the receiver's window and the send buffer". Returns buffer. */
static char *bounds_format(const struct wire *w, char *buffer, size_t room)
{
	struct bound bounds[BOUNDS];
	int count = bounds_of(w, bounds);
	size_t used = (size_t)snprintf(buffer, room, "%s", count ? "" : "what is not known");
	for (int i = 0; i < count && used < room; i++)
		used += (size_t)snprintf(buffer + used, room - used, "%sthe %s",
		                         !i              ? ""
		                         : i + 1 < count ? ", "
		                                         : " and ",
		                         bounds[i].name);
	return buffer;
}

/* ---- the page ---- */

static void put_cell(FILE *out, double value, const char *unit)
{
	char text[64];
	fputs(isnan(value) ? "<td class=\"number missing\">" : "<td class=\"number\">", out);
	html_text(out, value_format(value, unit, text, sizeof(text)));
	fputs("</td>", out);
}

/* flights: what is on the way is told, not only what is not acknowledged. */
static void put_row(FILE *out, const struct wire *w, bool flights)
{
	char text[300];
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, block_format(w->point, text, sizeof(text)));
	fputs("</th>", out);
	put_cell(out, w->transfer_ns, "ns");
	put_cell(out, w->seen_ns, "ns");
	put_cell(out, 100 * w->whole / w->ideal, "percent");
	put_cell(out, 100 * w->middle / w->ideal, "percent");
	put_cell(out, w->rate / 8e9 * w->rtt_ns, "bytes");
	put_cell(out, flights ? w->flight : w->unacked, "bytes");
	put_cell(out, w->congestion, "bytes");
	put_cell(out, w->peer, "bytes");
	put_cell(out, w->unsent, "bytes");
	put_cell(out, w->peer_percent, "percent");
	put_cell(out, w->buffer_percent, "percent");
	put_cell(out, w->resent, "");
	put_cell(out, w->connections, "");
	fputs("</tr>\n", out);
}

static bool has_capture(const struct wire *wires, int count)
{
	for (int i = 0; i < count; i++)
		if (!isnan(wires[i].captured.whole))
			return true;
	return false;
}

static void put_captured_row(FILE *out, const struct wire *w)
{
	char text[300];
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, block_format(w->point, text, sizeof(text)));
	fputs("</th>", out);
	put_cell(out, w->captured.carried, "bytes");
	put_cell(out, 100 * w->captured.whole / w->rate, "percent");
	put_cell(out, 100 * w->captured.middle / w->rate, "percent");
	put_cell(out, 100 * w->captured.middle / w->ideal, "percent");
	put_cell(out, w->captured.flight, "bytes");
	put_cell(out, w->captured.peer, "bytes");
	put_cell(out, w->captured.least, "bytes");
	put_cell(out, w->captured.resent, "bytes");
	put_cell(out, w->resent_bytes, "bytes");
	put_cell(out, w->captured.carried - w->acked_bytes, "bytes");
	put_cell(out, w->captured.missed, "bytes");
	fputs("</tr>\n", out);
}

static void put_captured(FILE *out, const struct wire *wires, int count)
{
	static const char *const heads[] = { "all",      "middle", "not acknowledged", "receiver's", "its lowest",
		                             "captured", "by TCP" };
	fputs("<h3>From the capture</h3>\n<p class=\"note\">What passed the source's interface (segments.csv), by sequence "
	      "numbers: a byte counts once, however often it was sent. Goodput is over rate × time, headers being the rest of "
	      "a full link, and in the middle half over what TCP can carry on it too. The kernel counts the same "
	      "connections on its own (tcp.csv): the difference is of bytes carried. What the capture missed was acknowledged "
	      "without having been seen: it is carried, not lost. The pictures show this goodput.</p>\n"
	      "<table class=\"ranking\">\n<thead><tr><th rowspan=\"2\"></th><th class=\"number\" rowspan=\"2\">carried</th>"
	      "<th colspan=\"2\">goodput, of rate × time</th><th class=\"number\" rowspan=\"2\">of what TCP can carry</th>"
	      "<th colspan=\"3\">window</th><th colspan=\"2\">sent again</th>"
	      "<th class=\"number\" rowspan=\"2\">capture − kernel</th>"
	      "<th class=\"number\" rowspan=\"2\">missed by the capture</th></tr>\n<tr>",
	      out);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		fprintf(out, "<th class=\"number\">%s</th>", heads[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < count; i++)
		if (!isnan(wires[i].captured.whole))
			put_captured_row(out, &wires[i]);
	fputs("</tbody>\n</table>\n", out);
}

static bool has_flight(const struct wire *wires, int count)
{
	for (int i = 0; i < count; i++)
		if (!isnan(wires[i].flight))
			return true;
	return false;
}

static void put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count)
{
	struct wire wires[WIRE_POINTS];
	int count = collect(v, wires);
	bool flights = has_flight(wires, count);
	const char *const heads[] = { "all",        "middle",     flights ? "in flight" : "not acknowledged",
		                      "congestion", "receiver's", "behind it",
		                      "receiver",   "send buffer" };
	fputs("<section>\n<h2>On the wire</h2>\n<p class=\"note\">In one round trip no more goes through than a window: "
	      "of TCP's congestion control, of the receiver, of the send buffer. Where each is above rate × RTT the link is "
	      "full all the same, and a longer round trip costs only TCP's begin. Goodput, of what TCP can carry on such a "
	      "link, is that of all bytes and that of the middle half of them; windows, round trip and what held the sender "
	      "up are the kernel's own count (tcp.csv), means over the time in which it sent, of all connections together. "
	      "What waits behind the window in the send buffer goes before the last pages do, while the VM is stopped. "
	      "The link alone is in the way where goodput's interval reaches 98 % of what it can carry and nothing else held "
	      "the sender up for a tenth of the time.</p>\n",
	      out);
	if (!v->paper || !v->paper->curves) /* else beside the claims */
		study_link_put(out, v);
	study_plots_put(out, v, plots, plot_count, PART_WIRE, 0);
	fputs("<table class=\"ranking\">\n<thead><tr><th rowspan=\"2\"></th>"
	      "<th class=\"number\" rowspan=\"2\">time on the wire</th><th class=\"number\" rowspan=\"2\">round trip seen</th>"
	      "<th colspan=\"2\">goodput, of the link's</th><th class=\"number\" rowspan=\"2\">rate × RTT</th>"
	      "<th colspan=\"4\">window</th><th colspan=\"2\">held up by</th><th class=\"number\" rowspan=\"2\">sent again</th>"
	      "<th class=\"number\" rowspan=\"2\">connections</th></tr>\n<tr>",
	      out);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		fprintf(out, "<th class=\"number\">%s</th>", heads[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < count; i++)
		put_row(out, &wires[i], flights);
	fputs("</tbody>\n</table>\n", out);
	if (has_capture(wires, count))
		put_captured(out, wires, count);
	fputs("</section>\n", out);
}

/* "On the wire: bound by the link at 9 of 10 points, by the receiver's window at 1." */
static void put_summary(FILE *out, const struct study_view *v)
{
	struct wire wires[WIRE_POINTS];
	int count = collect(v, wires);
	fputs("<p class=\"verdict\">On the wire: bound ", out);
	for (int i = 0; i < count; i++) {
		char bound[128], other[128];
		int same = 0, seen = 0;
		bounds_format(&wires[i], bound, sizeof(bound));
		for (int k = 0; k < count; k++) {
			int is_same = strcmp(bounds_format(&wires[k], other, sizeof(other)), bound) == 0;
			same += is_same;
			seen |= is_same && k < i;
		}
		if (!seen)
			html_textf(out, i ? ", by %s at %d" : "by %s at %d of %d points", bound, same, count);
	}
	fputs(".</p>\n", out);
}

/* ---- the picture ---- */

/* "941 Mbit/s, link", "860 Mbit/s, receiver's window 57 %, send buffer 19 %". Returns buffer. */
static char *words_format(const struct wire *w, char *buffer, size_t room)
{
	struct bound bounds[BOUNDS];
	int count = bounds_of(w, bounds);
	value_format(goodput_of(w).mean, "bit/s", buffer, room);
	for (int i = 0; i < count; i++) {
		size_t used = strlen(buffer);
		if (isnan(bounds[i].percent))
			snprintf(buffer + used, room - used, ", %s", bounds[i].brief);
		else
			snprintf(buffer + used, room - used, ", %s %.0f %%", bounds[i].brief, bounds[i].percent);
	}
	return buffer;
}

static int prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s)
{
	struct wire wires[WIRE_POINTS];
	struct bars b = bars_begin(s);
	int count = collect(d->view, wires);
	(void)plot;
	for (int i = 0; i < count; i++) {
		const struct goodput g = goodput_of(&wires[i]);
		char label[300], words[200];
		bar_add(&b, block_format(wires[i].point, label, sizeof(label)), g.mean / 1e6, g.low / 1e6,
		        g.high / 1e6, words_format(&wires[i], words, sizeof(words)));
	}
	return bars_end(&b, "goodput of the middle half of the bytes (Mbit/s); dashed: the link's",
	                count ? wires[0].ideal / 1e6 : NAN);
}

static int plots(const struct study_view *v, struct study_plot *ret, int room)
{
	(void)v;
	if (room < 1)
		return 0;
	ret[0] = (struct study_plot){ .name = "wire",
		                      .heading = "What TCP carried, and what was in the way",
		                      .script = "study_bars.gp",
		                      .part = PART_WIRE,
		                      .prepare = prepare };
	return 1;
}

static bool is_there(const struct study_view *v)
{
	struct wire wires[WIRE_POINTS];
	return collect(v, wires) > 0;
}

const struct study_section wire_section = { is_there, plots, put_summary, put };
