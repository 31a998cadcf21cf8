#include "analysis/simulated.h"

#include "analysis/claims.h"
#include "analysis/csv_field.h"
#include "analysis/series_read.h"
#include "analysis/simulated_machine.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <gsl/gsl_cdf.h>
#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const struct simulated_metric_row simulated_metrics[SIMULATED_METRICS] = {
	[METRIC_PROCESSING] = { "processing_time", "ns", "from the first VM's start to the end of the last job" },
	[METRIC_WAIT] = { "wait", "ns", "of all VMs together, from arrival to start" },
	[METRIC_UNWAITED] = { "unwaited_time", "ns",
	                      "processing time less the wait of all VMs, as if each wait had held up everything" },
	[METRIC_WAIT_MEAN] = { "wait_per_vm", "ns", "mean of the VMs" },
	[METRIC_WAIT_LONGEST] = { "longest_wait", "ns", "of any VM" },
	[METRIC_WAITED] = { "vms_waited", "VMs", "that found no room when they came" },
	[METRIC_SOJOURN] = { "time_per_vm", "ns", "mean of the VMs, from arrival to end" },
	[METRIC_MOVES] = { "moves", "moves", "that arrived" },
	[METRIC_MOVE_TIME] = { "move_time", "ns", "mean of the moves that arrived" },
	[METRIC_LOST] = { "lost_work", "ns", "of all VMs, by moves" },
	[METRIC_NODES] = { "nodes_used", "nodes", "with VMs on them, mean over the processing time" },
};

enum { CLAIM_PARTS = 16 };

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_add(uint64_t hash, int64_t value)
{
	for (int i = 0; i < 8; i++)
		hash = (hash ^ ((uint64_t)value >> 8 * i & 0xff)) * FNV_PRIME;
	return hash;
}

struct point {
	char label[300], block[300], policy[64];
	double *values[SIMULATED_METRICS]; /* a run each */
	uint64_t hash;                     /* of all its runs */
	int reference;                     /* the point with the reference's policy in the same block, or -1 */
};

struct simulated_study {
	char study[64], reference[64];
	int runs, first, point_count, point_room;
	struct point *points;
	int64_t rows;
};

/* ---- reading ---- */

static int manifest_read(struct simulated_study *s, const char *directory, struct err *e)
{
	char path[4096 + 16];
	struct json_object *part, *value;
	snprintf(path, sizeof(path), "%s/manifest.json", directory);
	struct json_object *manifest = json_object_from_file(path);
	if (!manifest || !json_object_object_get_ex(manifest, "simulation", &part)) {
		json_object_put(manifest);
		return err_set(e, EXIT_USAGE, "'%s' is no folder of a simulation", directory);
	}
	if (json_object_object_get_ex(part, "study", &value))
		snprintf(s->study, sizeof(s->study), "%s", json_object_get_string(value));
	if (json_object_object_get_ex(part, "reference", &value))
		snprintf(s->reference, sizeof(s->reference), "%s", json_object_get_string(value));
	if (json_object_object_get_ex(part, "runs", &value))
		s->runs = json_object_get_int(value);
	if (json_object_object_get_ex(part, "first", &value))
		s->first = json_object_get_int(value);
	json_object_put(manifest);
	return s->runs > 0 && s->first > 0
	               ? 0
	               : err_set(e, EXIT_MEASURED_BAD, "%s: simulation.runs or .first is missing", path);
}

int simulated_is(const char *directory)
{
	struct simulated_study s = { 0 };
	return manifest_read(&s, directory, NULL) == 0;
}

static int on_point(void *context, const struct series_cell *cells, struct err *e)
{
	struct simulated_study *s = context;
	char member[64];
	if (cells[0].integer != s->point_count + 1)
		return err_set(e, EXIT_MEASURED_BAD, "points.csv: points are not in order");
	if (s->point_count == s->point_room) {
		int room = s->point_room ? 2 * s->point_room : 16;
		struct point *larger = realloc(s->points, (size_t)room * sizeof(*larger));
		if (!larger)
			return err_set(e, EXIT_CANNOT, "no memory for %d points", room);
		s->points = larger;
		s->point_room = room;
	}
	struct point *p = &s->points[s->point_count++];
	*p = (struct point){ .reference = -1, .hash = FNV_BASIS };
	snprintf(p->label, sizeof(p->label), "%s", cells[1].text);
	snprintf(p->policy, sizeof(p->policy), "%s", cells[2].text);
	study_label_split(p->label, "policy", p->block, sizeof(p->block), member, sizeof(member));
	for (int m = 0; m < SIMULATED_METRICS; m++)
		if (!(p->values[m] = malloc((size_t)s->runs * sizeof(double))))
			return err_set(e, EXIT_CANNOT, "no memory for %d runs", s->runs);
	return 0;
}

enum { POINT, RUN, VMS, FIRST, LAST, WAIT, LONGEST, WAITED, SOJOURN, MOVES, MOVING, LOST, NODE, COLUMNS };

/* Sums over all VMs are written as doubles are: a million VMs for a hundred days are more ns than an integer has. */
static const struct series_column runs_columns[COLUMNS] = {
	[POINT] = { "point", COLUMN_INTEGER, 0 },
	[RUN] = { "run", COLUMN_INTEGER, 0 },
	[VMS] = { "vms", COLUMN_INTEGER, 0 },
	[FIRST] = { "first_ns", COLUMN_INTEGER, 0 },
	[LAST] = { "last_ns", COLUMN_INTEGER, 0 },
	[WAIT] = { "wait_ns", COLUMN_NUMBER, 0 },
	[LONGEST] = { "longest_wait_ns", COLUMN_NUMBER, 0 },
	[WAITED] = { "waited", COLUMN_INTEGER, 0 },
	[SOJOURN] = { "sojourn_ns", COLUMN_NUMBER, 0 },
	[MOVES] = { "moves", COLUMN_INTEGER, 0 },
	[MOVING] = { "moving_ns", COLUMN_NUMBER, 0 },
	[LOST] = { "lost_work_ns", COLUMN_NUMBER, 0 },
	[NODE] = { "node_ns", COLUMN_NUMBER, 0 },
};

static int on_run(void *context, const struct series_cell *c, struct err *e)
{
	struct simulated_study *s = context;
	int64_t row = s->rows++;
	if (row >= (int64_t)s->runs * s->point_count || c[POINT].integer != row / s->runs + 1 ||
	    c[RUN].integer != row % s->runs + 1)
		return err_set(e, EXIT_MEASURED_BAD, "runs.csv: runs are missing or not in order");
	struct point *p = &s->points[row / s->runs];
	for (int i = VMS; i < COLUMNS; i++) {
		bool number = runs_columns[i].kind == COLUMN_NUMBER;
		if (number ? isnan(c[i].number) : c[i].integer == MISSING)
			return err_set(e, EXIT_MEASURED_BAD, "runs.csv: a value is missing");
		int64_t bits = c[i].integer;
		if (number)
			memcpy(&bits, &c[i].number, sizeof(bits));
		p->hash = hash_add(p->hash, bits);
	}
	double vms = (double)c[VMS].integer, moves = (double)c[MOVES].integer;
	double processing = (double)(c[LAST].integer - c[FIRST].integer);
	const double values[SIMULATED_METRICS] = {
		[METRIC_PROCESSING] = processing,
		[METRIC_WAIT] = c[WAIT].number,
		[METRIC_UNWAITED] = processing - c[WAIT].number,
		[METRIC_WAIT_MEAN] = vms > 0 ? c[WAIT].number / vms : NAN,
		[METRIC_WAIT_LONGEST] = c[LONGEST].number,
		[METRIC_WAITED] = (double)c[WAITED].integer,
		[METRIC_SOJOURN] = vms > 0 ? c[SOJOURN].number / vms : NAN,
		[METRIC_MOVES] = moves,
		[METRIC_MOVE_TIME] = moves > 0 ? c[MOVING].number / moves : NAN,
		[METRIC_LOST] = c[LOST].number,
		[METRIC_NODES] = processing > 0 ? c[NODE].number / processing : NAN,
	};
	for (int m = 0; m < SIMULATED_METRICS; m++)
		p->values[m][row % s->runs] = values[m];
	return 0;
}

static void references_find(struct simulated_study *s)
{
	for (int i = 0; i < s->point_count; i++)
		for (int k = 0; k < s->point_count && s->points[i].reference < 0; k++)
			if (strcmp(s->points[k].policy, s->reference) == 0 &&
			    strcmp(s->points[k].block, s->points[i].block) == 0)
				s->points[i].reference = k;
}

static int read_all(struct simulated_study *s, const char *directory, struct err *e)
{
	static const struct series_column points[] = { { "point", COLUMN_INTEGER, 0 },
		                                       { "label", COLUMN_TEXT, 0 },
		                                       { "policy", COLUMN_TEXT, 0 } };
	if (manifest_read(s, directory, e) < 0)
		return -1;
	int result = series_read(directory, "points.csv", points, 3, on_point, s, NULL, e);
	if (result == 0)
		result = series_read(directory, "runs.csv", runs_columns, COLUMNS, on_run, s, NULL, e);
	if (result > 0 || (result == 0 && s->rows != (int64_t)s->runs * s->point_count))
		return err_set(e, EXIT_MEASURED_BAD, "'%s': points.csv or runs.csv is missing or has not all runs",
		               directory);
	references_find(s);
	return result;
}

static void study_clear(struct simulated_study *s)
{
	for (int i = 0; i < s->point_count; i++)
		for (int m = 0; m < SIMULATED_METRICS; m++)
			free(s->points[i].values[m]);
	free(s->points);
}

/* ---- numbers ---- */

struct interval ratio_of(const double *x, const double *y, int count)
{
	struct interval r = { .mean = NAN, .low = NAN, .high = NAN, .n = count };
	double sum_x = 0, sum_y = 0, squares = 0;
	for (int i = 0; i < count; i++) {
		sum_x += x[i];
		sum_y += y[i];
	}
	if (!(sum_y > 0))
		return r;
	r.mean = sum_x / sum_y;
	if (isnan(r.mean) || count < INTERVAL_LEAST)
		return r;
	for (int i = 0; i < count; i++)
		squares += (x[i] - r.mean * y[i]) * (x[i] - r.mean * y[i]);
	double half = gsl_cdf_tdist_Pinv(0.975, count - 1) * sqrt(squares / (count - 1) / count) / (sum_y / count);
	r.low = r.mean - half;
	r.high = r.mean + half;
	return r;
}

/* ---- summary.csv ---- */

static void interval_put(FILE *out, struct interval i, bool with_n)
{
	field_number(out, i.mean);
	field_number(out, i.low);
	field_number(out, i.high);
	if (with_n)
		fprintf(out, ",%d", i.n);
}

static void summary_row(const struct simulated_study *s, int point, int metric, FILE *out)
{
	const struct point *p = &s->points[point], *r = p->reference >= 0 ? &s->points[p->reference] : NULL;
	const double *values = p->values[metric];
	int first = s->first < s->runs ? s->first : s->runs;
	struct interval none = { NAN, NAN, NAN, 0 };
	fprintf(out, "%d,", point + 1);
	field_text(out, p->block);
	fprintf(out, ",%s,%s,%s", p->policy, simulated_metrics[metric].name, simulated_metrics[metric].unit);
	interval_put(out, interval_of(values, s->runs), true);
	interval_put(out, interval_of(values, first), true);
	interval_put(out, r && r != p ? ratio_of(values, r->values[metric], s->runs) : none, false);
	field_number(out, r && r != p ? ratio_of(values, r->values[metric], first).mean : NAN);
	field_number(out, simulated_paper_value(s->study, p->policy, (enum simulated_metric)metric));
	putc('\n', out);
}

static int summary_write(const struct simulated_study *s, const char *directory, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, directory, "summary.csv", e) < 0)
		return -1;
	fputs("point,block,policy,metric,unit,value,low,high,n,first_value,first_low,first_high,first_n,"
	      "ratio,ratio_low,ratio_high,first_ratio,paper\n",
	      out.file);
	for (int i = 0; i < s->point_count; i++)
		for (int m = 0; m < SIMULATED_METRICS; m++)
			summary_row(s, i, m, out.file);
	return whole_file_close(&out, 0, e);
}

/* ---- judged.csv ---- */

/* What a claim is about, of `count` runs from `from` on. */
static struct interval claimed(const struct simulated_study *s, const struct simulated_claim *c,
                               const struct point *p, int from, int count)
{
	const double *values = p->values[c->metric] + from;
	if (c->ratio)
		return ratio_of(values, s->points[p->reference].values[c->metric] + from, count);
	struct interval i = interval_of(values, count);
	double unit = c->unit_ns > 0 ? c->unit_ns : 1;
	return (struct interval){ i.mean / unit, i.low / unit, i.high / unit, i.n };
}

static bool is_figure(const struct simulated_claim *c)
{
	return isinf(c->low) && isinf(c->high);
}

static bool in_range(const struct simulated_claim *c, double value)
{
	return isinf(c->low)    ? value < c->high - c->smallest
	       : isinf(c->high) ? value > c->low + c->smallest
	                        : value >= c->low && value <= c->high;
}

/* A direction that is not missed by as much as counts is not shown to be wrong. */
static enum verdict verdict_on(const struct simulated_claim *c, const struct interval *value)
{
	double low = isinf(c->low) ? c->low : c->low + c->smallest,
	       high = isinf(c->high) ? c->high : c->high - c->smallest;
	if (claim_judge(value, low, high) == VERDICT_AGREES)
		return VERDICT_AGREES;
	return claim_judge(value, c->low - c->smallest, c->high + c->smallest) == VERDICT_DISAGREES
	               ? VERDICT_DISAGREES
	               : VERDICT_NOT_SHOWN;
}

/* Of the groups of so many runs as the paper had, the share that would have come to the claim. */
static double group_share(const struct simulated_study *s, const struct simulated_claim *c, const struct point *p,
                          int *ret_groups)
{
	int groups = s->runs / s->first, in = 0;
	for (int g = 0; g < groups; g++)
		in += in_range(c, claimed(s, c, p, g * s->first, s->first).mean);
	*ret_groups = groups;
	return groups ? (double)in / groups : NAN;
}

static enum verdict judge(const struct simulated_study *s, const struct simulated_claim *c, const struct point *p,
                          FILE *out)
{
	struct interval value = claimed(s, c, p, 0, s->runs);
	int groups;
	double share = group_share(s, c, p, &groups);
	char what[128], rule[64];
	rule[0] = '\0';
	snprintf(what, sizeof(what), "%s, %s%s%s", simulated_metrics[c->metric].name, p->policy,
	         c->ratio ? " / " : "", c->ratio ? s->reference : "");
	if (is_figure(c))
		share = NAN;
	else if (isinf(c->low))
		snprintf(rule, sizeof(rule), "below %.4g", c->high - c->smallest);
	else if (isinf(c->high))
		snprintf(rule, sizeof(rule), "above %.4g", c->low + c->smallest);
	else
		snprintf(rule, sizeof(rule), "%.3g to %.3g", c->low, c->high);
	const char *const texts[] = { p->block, c->id, c->text, what, rule, c->paper, c->unit };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		fputs(i ? "," : "", out);
		field_text(out, texts[i]);
	}
	interval_put(out, value, true);
	enum verdict verdict = verdict_on(c, &value);
	fprintf(out, ",%s,%d", is_figure(c) ? "a figure" : verdict_name(verdict), groups);
	field_number(out, share);
	fprintf(out, ",%d,", c->size);
	field_text(out, !isnan(value.mean) ? (isnan(value.low) ? "fewer than 3 runs" : "")
	                                   : "nothing to compare with: the reference has none of it");
	putc('\n', out);
	return verdict;
}

/* Whether any VM waits there with the reference. */
static bool somebody_waits(const struct simulated_study *s, const struct point *p)
{
	return interval_of(s->points[p->reference].values[METRIC_WAIT], s->runs).mean > 0;
}

/* The number of the first point that has the same runs, and the same as its reference. */
static int first_alike(const struct simulated_study *s, const struct point *p)
{
	const struct point *k = s->points;
	while (k->hash != p->hash || strcmp(k->policy, p->policy) != 0 || k->reference < 0 ||
	       s->points[k->reference].hash != s->points[p->reference].hash)
		k++; /* p itself ends it */
	return (int)(k - s->points) + 1;
}

/* The parts of one claim at a block, from `first` on; *ret_next is the first of the next. */
static void claim_put(const struct simulated_study *s, const struct simulated_claim *first, const struct point *p,
                      FILE *judged, FILE *verdicts, const struct simulated_claim **ret_next)
{
	enum verdict parts[2][CLAIM_PARTS];
	int counts[2] = { 0, 0 };
	const struct simulated_claim *c = first;
	for (; c->id && strcmp(c->id, first->id) == 0; c++) {
		enum verdict verdict = judge(s, c, p, judged);
		if (!is_figure(c) && counts[c->size != 0] < CLAIM_PARTS)
			parts[c->size != 0][counts[c->size != 0]++] = verdict;
	}
	field_text(verdicts, p->block);
	fprintf(verdicts, ",%s,%s,%s,%d,%d\n", first->id, verdict_name(claim_together(parts[0], counts[0])),
	        verdict_name(claim_together(parts[1], counts[1])), somebody_waits(s, p), first_alike(s, p));
	*ret_next = c;
}

static void claims_put(const struct simulated_study *s, FILE *judged, FILE *verdicts)
{
	fputs("block,claim,text,what,rule,paper,unit,value,low,high,n,verdict,groups,group_share,size,reason\n",
	      judged);
	fputs("block,claim,direction,size,waits,alike\n", verdicts);
	for (int i = 0; i < s->point_count; i++)
		for (const struct simulated_claim *c = sakurai_claims; c->id;) {
			const struct point *p = &s->points[i];
			if (strcmp(c->study, s->study) == 0 && strcmp(c->policy, p->policy) == 0 && p->reference >= 0)
				claim_put(s, c, p, judged, verdicts, &c);
			else
				c++;
		}
}

static int judged_write(const struct simulated_study *s, const char *directory, struct err *e)
{
	struct whole_file judged = { 0 }, verdicts = { 0 };
	if (whole_file_open(&judged, directory, "judged.csv", e) < 0)
		return -1;
	if (whole_file_open(&verdicts, directory, "verdicts.csv", e) < 0)
		return whole_file_close(&judged, -1, NULL);
	claims_put(s, judged.file, verdicts.file);
	int result = whole_file_close(&judged, 0, e);
	return whole_file_close(&verdicts, result, result < 0 ? NULL : e);
}

int simulated_analyze(const char *directory, struct err *e)
{
	struct simulated_study s = { 0 };
	int result = read_all(&s, directory, e);
	if (result == 0)
		result = summary_write(&s, directory, e);
	if (result == 0)
		result = judged_write(&s, directory, e);
	if (result == 0)
		result = simulated_machine_write(directory, e);
	study_clear(&s);
	return result;
}
