/* What stands above and across the panels of a timeline: phases, events, stops, iterations, estimators' bars. */
#include "reports/csv_table.h"
#include "reports/label_rows.h"
#include "reports/run_data.h"
#include "reports/view.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { LABELS = 24, TICKS = 2000 };

/* Of the plot area, in px; see timeline.gp. */
static const double area_px = 1084;

static void put_bands(struct view *v, double px_per_s)
{
	FILE *s = v->p->script;
	struct json_object *phases = json_at(v->p->run->metrics, "phases");
	double origin_ns = json_number(v->p->run->metrics, "origin_ns");
	struct label_rows rows = { 0 };
	int count = 0, total = phases && json_object_is_type(phases, json_type_array) && !isnan(origin_ns)
	                               ? (int)json_object_array_length(phases)
	                               : 0;
	fprintf(s,
	        "array BAND_FROM[%d]\narray BAND_TO[%d]\narray BAND_AT[%d]\narray BAND_LABEL[%d]\narray "
	        "BAND_ROW[%d]\n",
	        LABELS, LABELS, LABELS, LABELS, LABELS);
	for (int i = 0; i < total && count < LABELS; i++) {
		struct json_object *phase = json_object_array_get_idx(phases, (size_t)i);
		const char *name = json_text(phase, "name");
		double from_s = (json_number(phase, "start_ns") - origin_ns) / 1e9;
		double to_s = (json_number(phase, "end_ns") - origin_ns) / 1e9;
		from_s = fmax(from_s, v->from_s);
		to_s = isnan(to_s) ? v->to_s : fmin(to_s, v->to_s);
		if (!(from_s < to_s))
			continue;
		double width = label_bold_px(name);
		double left = ((from_s + to_s) / 2 - v->from_s) * px_per_s - width / 2;
		left = fmax(0, fmin(left, area_px - width));
		count++;
		gnuplot_set_item(s, "BAND_LABEL", count, name);
		fprintf(s, "BAND_FROM[%d] = %.6f\nBAND_TO[%d] = %.6f\nBAND_AT[%d] = %.6f\nBAND_ROW[%d] = %d\n", count,
		        from_s, count, to_s, count, v->from_s + (left + width / 2) / px_per_s, count,
		        label_row(&rows, left, width));
	}
	fprintf(s, "BANDS = %d\nBAND_ROWS = %d\n", count, rows.used);
}

/* Stop to resume of one VM, if this resume ends a stop within the view. */
static int put_stop(struct view *v, int number, double stop_s, double resume_s)
{
	if (!(stop_s < resume_s && resume_s >= v->from_s && stop_s <= v->to_s) || number > LABELS)
		return 0;
	fprintf(v->p->script, "STOP_FROM[%d] = %.6f\nSTOP_TO[%d] = %.6f\n", number, fmax(stop_s, v->from_s), number,
	        fmin(resume_s, v->to_s));
	return 1;
}

struct event_label {
	double at_s;
	char text[128];
	int stop; /* it is a stop or a resume */
};

/* Events that one could not tell apart in the plot share a label. */
static int collect_event(struct event_label *labels, int count, const struct event_label *new, double px_per_s)
{
	struct event_label *last = count ? &labels[count - 1] : NULL;
	if (last && !last->stop && !new->stop && (new->at_s - last->at_s) * px_per_s < 3) {
		size_t used = strlen(last->text);
		snprintf(last->text + used, sizeof(last->text) - used, ", %s", new->text);
		return count;
	}
	if (count < LABELS)
		labels[count++] = *new;
	return count;
}

static void put_labels(struct view *v, const struct event_label *labels, int count, double px_per_s)
{
	FILE *s = v->p->script;
	struct label_rows rows = { 0 };
	for (int i = 0; i < count; i++) {
		const struct event_label *l = &labels[i];
		double width = label_small_px(l->text) + 8, left = (l->at_s - v->from_s) * px_per_s;
		int right = left + width > area_px;
		gnuplot_set_item(s, "EVENT_LABEL", i + 1, l->text);
		gnuplot_set_item(s, "EVENT_COLOUR", i + 1, l->stop ? "#B04A00" : "#444444");
		fprintf(s, "EVENT_AT[%d] = %.6f\nEVENT_RIGHT[%d] = %d\nEVENT_ROW[%d] = %d\n", i + 1, l->at_s, i + 1,
		        right, i + 1, label_row(&rows, right ? left - width : left, width));
	}
	fprintf(s, "EVENTS = %d\nEVENT_ROWS = %d\n", count, rows.used);
}

static void put_events(struct view *v, double px_per_s)
{
	const struct csv_table *t = v->p->run->marks;
	FILE *s = v->p->script;
	struct event_label labels[LABELS];
	int count = 0, ticks = 0, stops = 0;
	double stop_s = NAN;
	const char *stopped = "";
	fprintf(s, "array EVENT_AT[%d]\narray EVENT_LABEL[%d]\narray EVENT_ROW[%d]\narray EVENT_RIGHT[%d]\n", LABELS,
	        LABELS, LABELS, LABELS);
	fprintf(s, "array EVENT_COLOUR[%d]\narray STOP_FROM[%d]\narray STOP_TO[%d]\narray TICK_AT[%d]\n", LABELS,
	        LABELS, LABELS, TICKS);
	for (int i = 0; i < csv_table_rows(t); i++) {
		struct event_label new = { .at_s = csv_table_number(t, i, "time_s") };
		const char *kind = csv_table_text(t, i, "kind"), *label = csv_table_text(t, i, "label");
		int stop = strcmp(kind, "stop") == 0, resume = strcmp(kind, "resume") == 0;
		if (stop) {
			stop_s = new.at_s;
			stopped = csv_table_text(t, i, "vm");
		} else if (resume && strcmp(stopped, csv_table_text(t, i, "vm")) == 0) {
			stops += put_stop(v, stops + 1, stop_s, new.at_s);
			stop_s = NAN;
		}
		if (!(new.at_s >= v->from_s &&new.at_s <= v->to_s) || strcmp(kind, "phase") == 0 ||
		    strcmp(kind, "setup") == 0)
			continue;
		if (strcmp(kind, "iteration") == 0) {
			if (ticks < TICKS)
				fprintf(s, "TICK_AT[%d] = %.6f\n", ++ticks, new.at_s);
			continue;
		}
		new.stop = stop || resume;
		snprintf(new.text, sizeof(new.text), "%.60s", *label ? label : kind);
		count = collect_event(labels, count, &new, px_per_s);
	}
	put_labels(v, labels, count, px_per_s);
	fprintf(s, "TICKS = %d\nSTOPS = %d\n", ticks, stops);
}

int view_is_moved(const struct run_data *run, int row)
{
	const char *moved = run_moved_vm(run);
	return !*moved || strcmp(csv_table_text(run->downtime, row, "vm"), moved) == 0;
}

static void put_bars(struct view *v)
{
	const struct csv_table *t = v->p->run->downtime;
	FILE *s = v->p->script;
	int count = 0;
	fprintf(s, "array BAR_FROM[%d]\narray BAR_TO[%d]\narray BAR_LABEL[%d]\narray BAR_TEXT[%d]\n", LABELS, LABELS,
	        LABELS, LABELS);
	for (int i = 0; v->zoom && i < csv_table_rows(t) && count < LABELS; i++) {
		double at_s = csv_table_number(t, i, "at_s"), value_ms = csv_table_number(t, i, "value_ms");
		char text[128];
		if (isnan(at_s) || !downtime_is_seen(t, i) || !view_is_moved(v->p->run, i))
			continue;
		count++;
		fprintf(s, "BAR_FROM[%d] = %.6f\nBAR_TO[%d] = %.6f\n", count, at_s, count, at_s + value_ms / 1e3);
		gnuplot_set_item(s, "BAR_LABEL", count,
		                 name_format(csv_table_text(t, i, "estimator"), text, sizeof(text)));
		gnuplot_set_item(s, "BAR_TEXT", count, value_format(value_ms, "ms", text, sizeof(text)));
	}
	fprintf(s, "BARS = %d\n", count);
}

void view_put_marks(struct view *v)
{
	double px_per_s = area_px / (v->to_s - v->from_s);
	put_bands(v, px_per_s);
	put_events(v, px_per_s);
	put_bars(v);
}
