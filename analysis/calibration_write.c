/* What a calibration came to, as files of its run directory. */
#include "analysis/calibration.h"
#include "analysis/csv_field.h"
#include "analysis/shares.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/whole_file.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LENGTHS_MAX = 64 };
static const char *const kinds[] = { "stop", "cut" };
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static const int64_t judged_from_ns = 10 * NS_PER_MS; /* the targets are for stops of at least this */

/* The columns bias, sd and p95, and the end of the row. */
static void end_row(FILE *out, const struct error_summary *s)
{
	field_number(out, s->bias);
	field_number(out, s->sd);
	field_number(out, s->p95);
	putc('\n', out);
}

static int write_table(const struct calibration *c, const struct run *run, struct err *e)
{
	struct whole_file out = { 0 };
	int64_t lengths[LENGTHS_MAX];
	if (whole_file_open(&out, run->directory, "calibration.csv", e) < 0)
		return -1;
	fputs("kind,asked_ns,observer,n,found,bias_ns,sd_ns,p95_ns\n", out.file);
	for (int k = 0; k < KINDS; k++) {
		int count = calibration_lengths(c, kinds[k], lengths, LENGTHS_MAX);
		for (int i = 0; i < count; i++)
			for (int o = 0; o < c->observer_count; o++) {
				const struct observer *observer = &c->observers[o];
				struct error_summary s =
					calibration_errors(c, observer, kinds[k], lengths[i], lengths[i]);
				fprintf(out.file, "%s,%" PRId64 ",%s,%d,%d", kinds[k], lengths[i], observer->name,
				        s.n, s.found);
				end_row(out.file, &s);
			}
	}
	return whole_file_close(&out, 0, e);
}

/* Every observation, to look into what the table sums up. */
static int write_observations(const struct calibration *c, const struct run *run, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, run->directory, "calibration-errors.csv", e) < 0)
		return -1;
	fputs("kind,asked_ns,from_ns,truth_ns,least_ns,most_ns,clock_ns,observer,value_ns,error_ns,found\n",
	      out.file);
	for (int i = 0; i < c->injected.count; i++)
		for (int o = 0; o < c->observer_count; o++) {
			const struct injected *in = &c->injected.list[i];
			const struct observation *seen = &c->observers[o].seen[i];
			fprintf(out.file, "%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, in->kind,
			        in->asked_ns, in->window.from_ns, in->truth_ns, in->least_ns, in->most_ns);
			field_number(out.file, in->clock_ns == MISSING ? NAN : (double)in->clock_ns);
			fprintf(out.file, ",%s", c->observers[o].name);
			field_number(out.file, seen->value_ns);
			field_number(out.file, seen->error_ns);
			fprintf(out.file, ",%d\n", seen->found);
		}
	return whole_file_close(&out, 0, e);
}

static int write_shares(const struct shares *s, const struct run *run, struct err *e)
{
	struct whole_file out = { 0 };
	double asked[LENGTHS_MAX];
	if (whole_file_open(&out, run->directory, "calibration-shares.csv", e) < 0)
		return -1;
	fputs("kind,asked,observer,n,bias,sd,p95\n", out.file);
	for (int k = 0; k < SHARE_KINDS; k++) {
		int count = shares_asked(s, (enum share_kind)k, asked, LENGTHS_MAX);
		for (int i = 0; i < count; i++)
			for (int o = 0; o < SHARE_OBSERVERS; o++) {
				struct error_summary sum =
					shares_errors(s, (enum share_kind)k, (enum share_observer)o, asked[i]);
				fputs(share_kinds[k], out.file);
				field_number(out.file, asked[i]);
				fprintf(out.file, ",%s,%d", share_observers[o], sum.n);
				end_row(out.file, &sum);
			}
	}
	return whole_file_close(&out, 0, e);
}

static void put_number(struct json_object *into, const char *key, double value)
{
	json_object_object_add(into, key, isnan(value) ? NULL : json_object_new_double(value));
}

static void put_text(struct json_object *into, const char *key, const char *value)
{
	json_object_object_add(into, key, json_object_new_string(value));
}

static void put_summary(struct json_object *into, const struct error_summary *s)
{
	json_object_object_add(into, "n", json_object_new_int(s->n));
	json_object_object_add(into, "found", json_object_new_int(s->found));
	put_number(into, "bias_ns", s->bias);
	put_number(into, "sd_ns", s->sd);
	put_number(into, "p95_ns", s->p95);
}

/* One observer and kind: over all lengths that count, the shortest found, and length by length. */
static struct json_object *kind_json(const struct calibration *c, const struct observer *o, const char *kind)
{
	struct json_object *into = json_object_new_object(), *list = json_object_new_array();
	int64_t lengths[LENGTHS_MAX], smallest_ns = calibration_smallest(c, o, kind);
	struct error_summary s = calibration_errors(c, o, kind, judged_from_ns, INT64_MAX);
	int count = calibration_lengths(c, kind, lengths, LENGTHS_MAX), is_stop = !strcmp(kind, "stop");
	int sees = o->sees_cuts || is_stop;
	put_summary(into, &s);
	json_object_object_add(into, "from_ns", json_object_new_int64(judged_from_ns));
	if (sees)
		json_object_object_add(into, "smallest_found_ns",
		                       smallest_ns < 0 ? NULL : json_object_new_int64(smallest_ns));
	if (is_stop && !isnan(o->target_ns)) {
		put_number(into, "target_p95_ns", o->target_ns);
		json_object_object_add(into, "target_met",
		                       isnan(s.p95) ? NULL : json_object_new_boolean(s.p95 <= o->target_ns));
	}
	for (int i = 0; i < count; i++) {
		struct json_object *one = json_object_new_object();
		s = calibration_errors(c, o, kind, lengths[i], lengths[i]);
		json_object_object_add(one, "asked_ns", json_object_new_int64(lengths[i]));
		put_summary(one, &s);
		json_object_array_add(list, one);
	}
	json_object_object_add(into, "lengths", list);
	return into;
}

/* What a report that cites it must know of where it holds. */
static void put_conditions(struct json_object *root, const struct run *run)
{
	static const char *const copied[] = {
		"version", "revision", "command", "seed", "host", "guest", "accelerator"
	};
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++) {
		struct json_object *value;
		if (json_object_object_get_ex(run->manifest, copied[i], &value))
			json_object_object_add(root, copied[i], json_object_get(value));
	}
	put_text(root, "status", run->status);
	put_text(root, "run_id", run->id);
}

/* Kind by kind, observer by observer, over all shares asked. */
static struct json_object *shares_json(const struct shares *s)
{
	struct json_object *root = json_object_new_object();
	for (int k = 0; k < SHARE_KINDS; k++) {
		struct json_object *kind = json_object_new_object();
		for (int o = 0; o < SHARE_OBSERVERS; o++) {
			struct json_object *one = json_object_new_object();
			struct error_summary sum = shares_errors(s, (enum share_kind)k, (enum share_observer)o, NAN);
			json_object_object_add(one, "n", json_object_new_int(sum.n));
			put_number(one, "bias", sum.bias);
			put_number(one, "sd", sum.sd);
			put_number(one, "p95", sum.p95);
			json_object_object_add(kind, share_observers[o], one);
		}
		json_object_object_add(root, share_kinds[k], kind);
	}
	return root;
}

static int write_json(const struct calibration *c, const struct shares *s, const struct run *run, struct err *e)
{
	struct json_object *root = json_object_new_object(), *observers = json_object_new_object();
	json_object_object_add(root, "format", json_object_new_int(1));
	put_conditions(root, run);
	if (c->injected.count) {
		put_number(root, "idle_s", c->idle_s);
		json_object_object_add(root, "sample_interval_ns",
		                       json_object_new_int64(c->injected.vm->sample_interval_ns));
	}
	for (int i = 0; i < c->observer_count; i++) {
		const struct observer *o = &c->observers[i];
		struct json_object *one = json_object_new_object();
		put_number(one, "floor_ns", o->floor_ns);
		for (int k = 0; k < KINDS; k++)
			json_object_object_add(one, kinds[k], kind_json(c, o, kinds[k]));
		json_object_object_add(observers, o->name, one);
	}
	json_object_object_add(root, "observers", observers);
	if (s->count)
		json_object_object_add(root, "shares", shares_json(s));
	int result = json_file_write(run->directory, "calibration.json", root, e);
	json_object_put(root);
	return result;
}

int calibration_write(const struct run *run, struct err *e)
{
	struct calibration c;
	struct shares s;
	if (calibration_read(&c, run, e) < 0)
		return -1;
	int result = shares_read(&s, run, e);
	if (result < 0) {
		calibration_free(&c);
		return -1;
	}
	if (c.injected.count > 1 && (write_table(&c, run, e) < 0 || write_observations(&c, run, e) < 0))
		result = -1;
	if (s.count > 1 && result == 0)
		result = write_shares(&s, run, e);
	if ((c.injected.count > 1 || s.count > 1) && result == 0)
		result = write_json(&c, &s, run, e);
	shares_free(&s);
	calibration_free(&c);
	return result;
}
